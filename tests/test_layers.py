"""The arrows of the house point down, and one file unpickles."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import brinery

SOURCE = Path(brinery.__file__).parent

# Who may import whom, from the top down: a module reaches only what stands below it, or its own room.
FLOORS = [
    ["__main__"],
    ["_notebook"],
    ["_cli", "__init__"],
    ["_cache"],
    ["_contents"],
    ["_function"],
    ["_explain"],
    ["_options"],
    ["_tally", "_telling"],
    ["_keying", "_store"],
    ["_display"],
    ["_folders", "_interpreter", "_warnings"],
    ["_units"],
    ["_light", "_unchecked", "errors"],
]


def modules() -> dict[str, ast.Module]:
    return {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts): ast.parse(path.read_text())
        for path in SOURCE.rglob("*.py")
    }


def relative_imports(name: str, tree: ast.Module) -> set[str]:
    """The package's modules that a module imports when it runs, at its top or inside functions."""
    package = name.split(".")[:-1]
    found = set()
    for_types_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in for_types_only:
            base = package[: len(package) - node.level + 1]
            targets = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {".".join([*base, target]) for target in targets}
    return found


def floor_of(name: str) -> int:
    root = name.partition(".")[0]
    return next(index for index, floor in enumerate(FLOORS) if root in floor)


def test_every_module_imports_only_downward():
    """A module imports from its own room or from below, also inside functions."""
    upward = [
        f"{name} imports {target}"
        for name, tree in modules().items()
        for target in relative_imports(name, tree)
        if floor_of(target) < floor_of(name)
        or (
            floor_of(target) == floor_of(name)
            and target.partition(".")[0] != name.partition(".")[0]
            and "_" in target[:1]
            and "." in target
        )
    ]
    assert upward == []


def test_keying_and_store_do_not_know_each_other():
    """Keys are taken without a store, and stored without a function; they meet in the decorated function."""
    for name, tree in modules().items():
        room = name.partition(".")[0]
        if room in ("_keying", "_store"):
            other = {"_keying": "_store", "_store": "_keying"}[room]
            assert not [target for target in relative_imports(name, tree) if target.startswith(other)], name


def test_no_import_goes_in_a_circle():
    """Within a room, too, the modules stand in an order."""
    graph = {name: relative_imports(name, tree) for name, tree in modules().items()}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join([*above, name])
        if name in done:
            return
        for target in graph.get(name, ()):
            visit(target, (*above, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def test_one_file_unpickles():
    """Only `_store/results/unpickling.py` may turn bytes into objects by pickle."""
    guilty = []
    for name, tree in modules().items():
        for node in ast.walk(tree):
            text = ast.unparse(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
            if text.endswith(("pickle.loads", "pickle.load", "Unpickler", "marshal.loads", "marshal.load")):
                guilty.append(name)
            is_named = isinstance(node, ast.ImportFrom) and (node.module or "").endswith(("pickle", "marshal"))
            if is_named and {alias.name for alias in node.names} & {"load", "loads", "Unpickler", "*"}:
                guilty.append(name)
    assert set(guilty) == {"_store.results.unpickling"}


def test_nothing_imports_typing_when_it_runs():
    """`typing` takes longer to import than brinery; what annotations need stands under TYPE_CHECKING."""
    importing = [
        name
        for name, tree in modules().items()
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "typing"
    ]
    assert importing == []


def test_the_house_names_every_folder():
    """The table in `docs/design.md` has a place for each folder, and for each module that stands beside folders."""
    page = (Path(__file__).parent.parent / "docs/design.md").read_text(encoding="utf-8")
    table = page.partition("## The house")[2].partition("## ")[0]
    folders = {path.parent.name for path in SOURCE.rglob("*.py") if path.parent != SOURCE}
    assert [folder for folder in sorted(folders) if f"{folder}/" not in table] == []
    beside = [path.stem for room in (SOURCE, SOURCE / "_keying", SOURCE / "_store") for path in room.glob("*.py")]
    assert [name for name in beside if name != "__init__" and not re.search(rf"\b{name}\b", table)] == []


def test_every_folder_says_what_it_is_for():
    """In a sentence at its top, before anything else."""
    assert [name for name, tree in modules().items() if not ast.get_docstring(tree)] == []
