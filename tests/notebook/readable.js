// What of a form cannot be read: text whose contrast with what is behind it is low, and bars that cannot be told apart.
root => {
  const parse = colour => {
    const found = colour.match(/[\d.]+/g).map(Number);
    return {rgb: found.slice(0, 3), alpha: found.length > 3 ? found[3] : 1};
  };
  const over = (top, alpha, below) => top.map((value, at) => value * alpha + below[at] * (1 - alpha));
  const luminance = rgb => {
    const [r, g, b] = rgb.map(value => value / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  // The colours behind an element, from the page up, and how much of the element itself is left by those around it.
  const behind = element => {
    const chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(at);
    let colour = [255, 255, 255], opacity = 1;
    for (const at of chain) {
      const style = getComputedStyle(at);
      opacity *= Number(style.opacity);
      const ground = parse(style.backgroundColor);
      colour = over(ground.rgb, ground.alpha * opacity, colour);
    }
    return {colour, opacity};
  };
  const bad = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim()) continue;
    const {colour, opacity} = behind(node.parentElement);
    const ink = parse(getComputedStyle(node.parentElement).color);
    const found = contrast(over(ink.rgb, ink.alpha * opacity, colour), colour);
    if (found < 4.5) bad.push(`${node.data}: ${found.toFixed(2)}`);
  }
  for (const bar of root.querySelectorAll('div[style*="%;height"]')) {
    const found = contrast(behind(bar).colour, behind(bar.parentElement.parentElement).colour);
    if (bar.style.width !== "0%" && found < 3) bad.push(`bar: ${found.toFixed(2)}`);
  }
  return bad;
}
