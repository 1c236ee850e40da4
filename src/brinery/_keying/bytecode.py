"""What a code object reads from outside, by its bytecode alone."""

from __future__ import annotations

import opcode
import sys

from .._light import CodeType, NamedTuple
from .compiled import nested_codes
from .instructions import LOAD_CONST, instructions_of
from .source import Read

_OP = opcode.opmap
_LOAD_GLOBAL = _OP["LOAD_GLOBAL"]
_LOAD_NAMES = {_OP[name] for name in ("LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS") if name in _OP}
_LOAD_ATTR, _LOAD_METHOD = _OP["LOAD_ATTR"], _OP.get("LOAD_METHOD", -1)
_LOAD_ATTRS = {_OP[name] for name in ("LOAD_ATTR", "LOAD_METHOD") if name in _OP}
_WRITE_ATTRS = {_OP["STORE_ATTR"], _OP["DELETE_ATTR"]}
_IMPORT_NAME, _IMPORT_FROM = _OP["IMPORT_NAME"], _OP["IMPORT_FROM"]
_LOAD_FAST = _OP["LOAD_FAST"]
_STORES = {_OP[name] for name in ("STORE_FAST", "STORE_DEREF", "STORE_GLOBAL", "STORE_NAME") if name in _OP}
_STORE_LOCALS = {_OP["STORE_FAST"], _OP["STORE_DEREF"]}
_LOAD_LOCALS = {
    _OP[name]
    for name in (
        "LOAD_FAST",
        "LOAD_FAST_CHECK",
        "LOAD_FAST_BORROW",
        "LOAD_DEREF",
        "LOAD_CLASSDEREF",
        "LOAD_FROM_DICT_OR_DEREF",
    )
    if name in _OP
}
_PAIRED_LOADS = {_OP[name] for name in ("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW") if name in _OP}
_STORE_THEN_LOAD = _OP.get("STORE_FAST_LOAD_FAST", -1)
_PUSH_NULL = _OP.get("PUSH_NULL", -1)
_IMPORTERS = {"import_module", "__import__"}
_LOADED_MODULES = {("modules",), ("sys", "modules"), ("modules", "get")}
_SHIFTS_ATTR = sys.version_info >= (3, 12)


class Site(NamedTuple):
    """Where code reads something: the first of its instructions and the one that follows the last."""

    read: Read
    start: int
    end: int


def reads(code: CodeType) -> tuple[Read, ...]:
    """List what the code and its nested code read from outside, in the order of the code, each once."""
    found: dict[Read, None] = {}
    _collect(code, {}, found)
    return tuple(found)


def reads_of_text(text: str) -> tuple[Read, ...]:
    """List what an expression given as text reads; nothing if it is none."""
    try:
        return reads(compile(text, "<annotation>", "eval", dont_inherit=True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _collect(code: CodeType, aliases: dict[str, Read], found: dict[Read, None]) -> None:
    """Walk one code object; ``aliases`` maps local names to the imports that they hold."""
    aliases = dict(aliases)
    found.update(dict.fromkeys(site.read for site in sites(code, aliases)))
    for nested in nested_codes(code):
        _collect(nested, aliases, found)


def sites(code: CodeType, aliases: dict[str, Read]) -> list[Site]:
    """List where one code object reads something; its imports are added to ``aliases``."""
    instructions = list(instructions_of(code))
    if any(op == _IMPORT_NAME for op, _ in instructions):
        # In a loop, an import may stand below its use: first learn what the imports bind.
        _collect_own(code, instructions, aliases, [])
    found: list[Site] = []
    _collect_own(code, instructions, aliases, found)
    return found


def _collect_own(
    code: CodeType, instructions: list[tuple[int, int]], aliases: dict[str, Read], found: list[Site]
) -> None:
    names = code.co_names
    cells = {*code.co_cellvars, *code.co_freevars}
    count = len(instructions)
    index = 0
    constants: list[object] = []
    while index < count:
        start = index
        op, arg = instructions[index]
        index += 1
        root: Read | None = None
        if op == LOAD_CONST:
            constants = [*constants[-1:], code.co_consts[arg]]
            continue
        if op == _LOAD_GLOBAL:
            root = Read("global", (names[arg >> 1],))
        elif op in _LOAD_NAMES:
            root = aliases.get(names[arg]) or Read("global", (names[arg],))
        elif op in _LOAD_LOCALS:
            name = _local_name(code, arg)
            if op == _LOAD_FAST and name in cells:
                continue  # the cell itself, on its way into a nested function, which is read by itself
            root = aliases.get(name) or (Read("cell", (name,)) if name in code.co_freevars else None)
        elif op in _PAIRED_LOADS:
            first = aliases.get(_local_name(code, arg >> 4))
            if first is not None:
                found.append(Site(first, start, index))
            root = aliases.get(_local_name(code, arg & 15))
        elif op == _STORE_THEN_LOAD:
            root = aliases.get(_local_name(code, arg & 15))
        elif op == _IMPORT_NAME:
            index = _collect_import(code, instructions, index, names[arg], constants, aliases, found)
            continue
        if root is None:
            continue
        chain = root.chain
        while index < count and instructions[index][0] in _LOAD_ATTRS:
            op, arg = instructions[index]
            chain += (names[attribute_index(op, arg)],)
            index += 1
        if index < count and instructions[index][0] in _WRITE_ATTRS and len(chain) == 1:
            continue  # an attribute of it is written: nothing is read
        found.append(Site(root._replace(chain=chain), start, index))
        if chain[-1] in _IMPORTERS or chain[-2:] in _LOADED_MODULES:
            named = _named_import(code, instructions, index)
            if named is not None:
                found.append(Site(named, start, index))


def _named_import(code: CodeType, instructions: list[tuple[int, int]], index: int) -> Read | None:
    """Return what `importlib.import_module("name")` or `sys.modules["name"]` reads: as `import name` would."""
    while index < len(instructions) and instructions[index][0] == _PUSH_NULL:
        index += 1
    op, arg = instructions[index] if index < len(instructions) else (-1, 0)
    if op == _LOAD_GLOBAL:
        return Read("named", (code.co_names[arg >> 1],))
    name = code.co_consts[arg] if op == LOAD_CONST else None
    if type(name) is not str or not name.strip("."):
        return None
    return Read("import", (name.lstrip("."),), len(name) - len(name.lstrip(".")))


def attribute_index(op: int, arg: int) -> int:
    """Return where among a code's names the attribute stands that an instruction takes."""
    return arg >> 1 if _SHIFTS_ATTR and op == _LOAD_ATTR else arg


def takes_method(op: int, arg: int) -> bool:
    """Whether an instruction takes an attribute in order to call it."""
    return (_SHIFTS_ATTR and op == _LOAD_ATTR and bool(arg & 1)) or op == _LOAD_METHOD


def _local_name(code: CodeType, arg: int) -> str:
    return str(code._varname_from_oparg(arg))  # type: ignore[attr-defined]  # noqa: SLF001


def _collect_import(
    code: CodeType,
    instructions: list[tuple[int, int]],
    index: int,
    module: str,
    constants: list[object],
    aliases: dict[str, Read],
    found: list[Site],
) -> int:
    """Read one import statement; note what it binds, or what it reads where that is not a plain local name."""
    level = constants[0] if constants and type(constants[0]) is int else 0
    names_wanted = constants[1] if len(constants) > 1 else None
    op, arg = instructions[index] if index < len(instructions) else (-1, 0)
    if op == _IMPORT_FROM and isinstance(names_wanted, tuple):
        while op == _IMPORT_FROM:
            target = Read("import", (module, code.co_names[arg]), level)
            store, where = instructions[index + 1]
            if store in _STORE_LOCALS:
                aliases[_local_name(code, where)] = target
            elif store in _STORES:
                aliases[code.co_names[where]] = target
            elif store == _STORE_THEN_LOAD:
                aliases[_local_name(code, where >> 4)] = target
            found.append(Site(target, index, index))
            index += 2
            op, arg = instructions[index]
        return index
    # `import a.b` binds `a`; `import a.b as c` walks down by IMPORT_FROM (or LOAD_ATTR) and binds the innermost.
    target = Read("import", (module,), level)
    bound = target if names_wanted is not None else Read("import", (module.partition(".")[0],), level)
    walked = False
    while op == _IMPORT_FROM or op in _LOAD_ATTRS or opcode.opname[op] in ("SWAP", "POP_TOP", "COPY"):
        walked = walked or op == _IMPORT_FROM or op in _LOAD_ATTRS
        index += 1
        op, arg = instructions[index]
    if walked:
        bound = target
    if op in _STORE_LOCALS:
        aliases[_local_name(code, arg)] = bound
    elif op in _STORES:
        aliases[code.co_names[arg]] = bound
    elif op != _STORE_THEN_LOAD:
        found.append(Site(target, index, index))
        return index
    return index if op == _STORE_THEN_LOAD else index + 1
