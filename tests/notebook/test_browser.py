"""What a real browser makes of the forms: at home in light and dark, narrow and wide, and nothing but a picture."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from browser import browser, needs_browser, too_wide, unreadable

from brinery import Cache
from brinery._display.html import of_progress

pytestmark = [pytest.mark.slow, needs_browser]

# Pages that a form may stand in: background and ink, and by which names the page calls its colours.
PAGES = {
    "plain light": "color-scheme:light;background:#fff;color:#000",
    "plain dark": "color-scheme:dark;background:#111;color:#fff",
    "JupyterLab light": "background:#fff;color:rgba(0,0,0,.87);--jp-brand-color1:#1976d2;"
    "--jp-code-font-family:Menlo,Consolas,'DejaVu Sans Mono',monospace",
    "JupyterLab dark": "background:#111;color:#fff;--jp-brand-color1:#2196f3;--jp-code-font-family:monospace",
    "VS Code light": "background:#fff;color:#3b3b3b;--vscode-charts-blue:#1a85ff;--vscode-editor-font-family:monospace",
    "VS Code dark": "background:#1f1f1f;color:#ccc;--vscode-charts-blue:#3794ff;--vscode-editor-font-family:monospace",
}
# What VS Code and JupyterLab do to the tags that a form is made of.
STYLES = """
code { color: #a31515; background: #d0d0d0; padding: 1px 5px }
table { table-layout: fixed; margin-left: auto; margin-right: auto; font-size: 12px }
td, th { text-align: right; vertical-align: middle; padding: .5em; white-space: normal; max-width: none }
"""
ATTACK = "<img src='http://127.0.0.1:9/x' onerror='document.title=1'><script>document.title=1</script></div>"


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every form, of a store with dangerous and long names."""
    place = tmp_path_factory.mktemp("forms")
    memory = Cache(place / "<b onmouseover=1>store" / ("long" * 30), max_size="1MB", max_entries=60, secret=b"x" * 32)

    def features(kind, size=3, note=ATTACK[:70]):
        open(os.devnull).close()
        return bytes(30_000 * size)

    features.__qualname__ = f"{ATTACK}.features"
    cached = memory(features)
    for kind, size in itertools.product(("pixels", "the quick brown fox", ATTACK[70:]), (1, 2)):
        cached(kind, size), cached(kind, size)
    for number in range(32):
        memory(sorted)([number] * 9)
    found = {
        "cache": memory,
        "no store": Cache(place / "none"),
        "entries": memory.entries(),
        "functions": memory.functions(),
        "cache_info": cached.cache_info(),
        "hit": cached.explain("pixels", 1),
        "miss": cached.explain("the quick brown dog", 7, ATTACK[:60]),
    }
    made = {name: thing._repr_html_() or "" for name, thing in found.items()}
    memory.clear()
    return {**made, "progress": of_progress(ATTACK, 3, 8)}


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A browser."""
    with browser(tmp_path_factory.mktemp("browser")) as made:
        yield made


@pytest.mark.parametrize("width", [300, 1400])
@pytest.mark.parametrize("page_name", PAGES)
def test_every_form_can_be_read_and_fits(window, forms, page_name: str, width: int):
    """Enough contrast for every text and every bar, and nothing to the side of the page."""
    page = window.new_page(viewport={"width": width, "height": 600})
    for name, form in forms.items():
        page.set_content(f'<style>{STYLES}</style><body style="font:13px sans-serif;{PAGES[page_name]}">{form}')
        page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
        assert page.inner_text("body > div").strip(), name
        assert too_wide(page) == 0, name
        assert unreadable(page, "body > div") == [], name
    page.close()


def test_what_cannot_be_read_is_noticed(window):
    """So that the test above tests something."""
    page = window.new_page(viewport={"width": 300, "height": 600})
    page.set_content("<body style='background:#111;color:#fff'><div><p style='color:#444'>grey</p>white</div>")
    assert [text.split(":")[0] for text in unreadable(page, "body > div")] == ["grey"]
    page.set_content("<body><div style='opacity:.3'>faint</div>")
    assert [text.split(":")[0] for text in unreadable(page, "body > div")] == ["faint"]
    page.set_content("<body><div style='width:400px'>wide</div>")
    assert too_wide(page) > 0
    page.close()


def test_no_form_asks_for_anything_or_runs_anything(window, forms):
    """Names, values and places from a store stay text: no request, no script, no tag of theirs."""
    page = window.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content("<title>quiet</title><main>" + "<hr>".join(forms.values()) + "</main>", wait_until="networkidle")
    assert page.title() == "quiet"
    tags = page.eval_on_selector_all("main *", "found => found.map(one => one.localName)")
    assert tags.count("hr") == len(forms) - 1  # nothing that is left open swallows the next
    assert page.eval_on_selector_all("main > *", "found => found.length") == 2 * len(forms) - 1
    known = {"b", "code", "details", "div", "hr", "li", "span", "summary", "table", "tbody", "td", "th", "thead", "tr"}
    assert set(tags) <= {*known, "ul"}
    attributes = page.eval_on_selector_all("main *", "found => found.flatMap(one => one.getAttributeNames())")
    assert set(attributes) <= {"class", "scope", "style"}
    assert asked == []
    assert "<script>" in page.inner_text("main")
    page.close()


def test_bars_are_as_long_as_their_numbers_say(window, forms):
    """A quarter of the limit fills a quarter of the bar."""
    page = window.new_page()
    page.set_content(forms["cache"])
    told = page.locator("tr", has_text="entries").first.inner_text()
    assert "38 of 60" in told
    bar = page.locator("tr", has_text="entries").first.locator("div[style*='%;height']")
    share = bar.evaluate("bar => bar.clientWidth / bar.parentElement.clientWidth")
    assert share == pytest.approx(38 / 60, abs=0.02)
    page.close()
