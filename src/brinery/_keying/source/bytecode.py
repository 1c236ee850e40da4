"""What a code object reads from outside, by its bytecode alone."""

from __future__ import annotations

from ..._light import CodeType, NamedTuple
from .compiled import nested_codes
from .instructions import CONSTANTS, Instruction, UnknownInstructionError, instructions_by_dis, instructions_of
from .reads import COMPUTED, Read
from .tested import unknown_instructions

_LOAD_NAMES = {"LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_LOAD_ATTRS = {"LOAD_ATTR", "LOAD_METHOD"}
_WALKS_DOWN = {"IMPORT_FROM", *_LOAD_ATTRS}
_WRITE_ATTRS = {"STORE_ATTR", "DELETE_ATTR"}
_STORES = {"STORE_FAST", "STORE_DEREF", "STORE_GLOBAL", "STORE_NAME"}
_LOAD_FASTS = {"LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_FAST_CHECK"}
_LOAD_LOCALS = {*_LOAD_FASTS, "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"}
IMPORTERS = {"import_module", "__import__", "find_spec", "run_module"}
_LOADERS = {"run_path", "spec_from_file_location", "SourceFileLoader", "resolve_name"}
_CALLED = {"PRECALL", "CALL", "KW_NAMES", "CALL_KW"}
_LOADED_MODULES = {("modules",), ("sys", "modules"), ("modules", "get")}

Aliases = dict[str, tuple[Read, ...]]


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


def _collect(code: CodeType, aliases: Aliases, found: dict[Read, None]) -> None:
    """Walk one code object; ``aliases`` maps names to the imports that they may hold, by whichever branch."""
    aliases = dict(aliases)
    try:
        found.update(dict.fromkeys(site.read for site in sites(code, instructions_of(code), aliases)))
    except UnknownInstructionError as unknown:
        unknown_instructions.add(str(unknown))
        found.update(dict.fromkeys(_all_that_it_may_read(code, aliases)))
    for nested in nested_codes(code):
        _collect(nested, aliases, found)


def _all_that_it_may_read(code: CodeType, aliases: Aliases) -> list[Read]:
    """List what code may read that has an instruction of which nobody knows what it does: its module, all its names."""
    found = [Read("module", ()), *(Read("global", (name,)) for name in code.co_names)]
    try:
        sites_of_dis = sites(code, instructions_by_dis(code), aliases)
    except Exception:
        sites_of_dis = []  # `dis` tells it in a form that is as new
    return found + [site.read for site in sites_of_dis]


def sites(code: CodeType, instructions: list[Instruction], aliases: Aliases) -> list[Site]:
    """List where one code object reads something; its imports are added to ``aliases``."""
    if any(step.name == "IMPORT_NAME" for step in instructions):
        # In a loop, an import may stand below its use: first learn what the imports bind.
        _collect_own(code, instructions, aliases, [])
    found: list[Site] = []
    _collect_own(code, instructions, aliases, found)
    return found


def _collect_own(code: CodeType, instructions: list[Instruction], aliases: Aliases, found: list[Site]) -> None:
    cells = {*code.co_cellvars, *code.co_freevars}
    count = len(instructions)
    index = 0
    constants: list[object] = []
    while index < count:
        start = index
        op, value, _, _ = instructions[index]
        index += 1
        if op in CONSTANTS:
            constants = [*constants[-1:], value]
            continue
        roots: tuple[Read, ...] = ()
        if op == "LOAD_GLOBAL":
            roots = (Read("global", (str(value),)), *aliases.get(f"global {value}", ()))
        elif op in _LOAD_NAMES:
            roots = aliases.get(str(value)) or (Read("global", (str(value),)),)
        elif op in _LOAD_LOCALS:
            if op in _LOAD_FASTS and value in cells:
                continue  # the cell itself, on its way into a nested function, which is read by itself
            roots = aliases.get(str(value)) or ((Read("cell", (str(value),)),) if value in code.co_freevars else ())
        elif op == "IMPORT_NAME":
            index = _collect_import(instructions, index, str(value), constants, aliases, found)
            continue
        if not roots:
            continue
        rest: tuple[str, ...] = ()
        while index < count and instructions[index].name in _LOAD_ATTRS:
            rest += (str(instructions[index].value),)
            index += 1
        for root in roots:
            chain = root.chain + rest
            if index < count and instructions[index].name in _WRITE_ATTRS and len(chain) == 1:
                continue  # an attribute of it is written: nothing is read
            found.append(Site(root._replace(chain=chain), start, index))
            if chain[-1] in IMPORTERS or chain[-1] in _LOADERS or chain[-2:] in _LOADED_MODULES:
                found += [Site(named, start, index) for named in _named_imports(instructions, index, chain)]


def _named_imports(instructions: list[Instruction], index: int, chain: tuple[str, ...]) -> list[Read]:
    """List what `importlib.import_module("name")` or `sys.modules["name"]` reads: as `import name` would."""
    computed = [] if chain[-2:] in _LOADED_MODULES else [Read("named", (COMPUTED,))]
    while index < len(instructions) and instructions[index].name == "PUSH_NULL":
        index += 1
    op, name = instructions[index][:2] if index < len(instructions) else ("", None)
    after = instructions[index + 1].name if index + 1 < len(instructions) else ""
    if chain[-1] in _LOADERS or type(name) is not str or op not in {"LOAD_GLOBAL", *CONSTANTS} or not name.strip("."):
        return computed
    if after in _CALLED and not name.startswith("."):
        computed = []  # else more is done with the name, or it is relative to one that stands beside it
    if op == "LOAD_GLOBAL":
        return [Read("named", (name,)), *computed]
    level = len(name) - len(name.lstrip("."))
    return [Read("import", (name.lstrip("."),), level), *computed]


def _collect_import(
    instructions: list[Instruction],
    index: int,
    module: str,
    constants: list[object],
    aliases: Aliases,
    found: list[Site],
) -> int:
    """Read one import statement; note what it binds, or what it reads where that is not a plain local name."""
    level = constants[0] if constants and type(constants[0]) is int else 0
    names_wanted = constants[1] if len(constants) > 1 else None
    step = instructions[index] if index < len(instructions) else None
    if step is not None and step.name == "IMPORT_FROM" and isinstance(names_wanted, tuple):
        while step.name == "IMPORT_FROM":
            target = Read("import", (module, str(step.value)), level)
            store = instructions[index + 1]
            if store.name in _STORES:
                _bind(aliases, store, target)
            found.append(Site(target, index, index))
            index += 2
            step = instructions[index]
        return index
    # `import a.b` binds `a`; `import a.b as c` walks down by IMPORT_FROM (or LOAD_ATTR) and binds the innermost.
    target = Read("import", (module,), level)
    bound = target if names_wanted is not None else Read("import", (module.partition(".")[0],), level)
    walked = False
    while step is not None and (step.name in _WALKS_DOWN or step.name in ("SWAP", "POP_TOP", "COPY")):
        walked = walked or step.name in _WALKS_DOWN
        index += 1
        step = instructions[index]
    if walked:
        bound = target
    if step is not None and step.name in _STORES:
        _bind(aliases, step, bound)
        return index + 1
    found.append(Site(target, index, index))
    return index


def _bind(aliases: Aliases, store: Instruction, read: Read) -> None:
    name = f"global {store.value}" if store.name == "STORE_GLOBAL" else str(store.value)
    known = aliases.get(name, ())
    aliases[name] = known if read in known else (*known, read)
