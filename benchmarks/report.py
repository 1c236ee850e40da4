"""The machine, and tables of measurements, for people and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from .cases import Table
from .eviction import Savings
from .scale import Step

PACKAGES = "brinery", "joblib", "diskcache", "checkpointer", "cachier", "numpy"
UNITS = {"us": 1e6, "ms": 1e3}


def machine(folder: str) -> dict[str, str]:
    """Describe what the measurements stand on."""
    return {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "file system": _file_system(folder),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def machine_lines(facts: dict[str, str]) -> Iterator[str]:
    """The machine, a line for each fact."""
    for name, value in facts.items():
        yield f"{name:12} {value}"


def table_lines(table: Table) -> Iterator[str]:
    """A table with the floor's median as the measure of the others."""
    yield f"\n{table.title:44}{'median':>10}{'p99':>10}{'longest':>13}{'x floor':>10}"
    floor = table.rows[0].median
    if table.target:
        yield f"  target: {table.target}"
    for name, median, p99, longest, _ in table.rows:
        scale, unit = UNITS[table.unit], table.unit
        times = f"{median * scale:7.1f} {unit}{p99 * scale:7.1f} {unit}{longest * scale:10.1f} {unit}"
        yield f"  {name:42}{times}{median / floor:10.2f}"


def write_json(path: str, facts: dict[str, str], tables: list[Table], saved: list[Savings], steps: list[Step]) -> None:
    """Write everything, in seconds and in shares."""
    content = {
        "machine": facts,
        "tables": [
            {"title": table.title, "target": table.target, "rows": [row._asdict() for row in table.rows]}
            for table in tables
        ],
        "eviction": [row._asdict() for row in saved],
        "year": [step._asdict() for step in steps],
    }
    Path(path).write_text(json.dumps(content, indent=2) + "\n")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _file_system(folder: str) -> str:
    """The type of the file system that holds a folder, where the system says."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    holding = [mount for mount in mounts if Path(folder).is_relative_to(mount[1])]
    return max(holding, key=lambda mount: len(mount[1]))[2]
