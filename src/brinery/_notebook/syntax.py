"""What pieces of a cell's syntax read, bind and can set off, each looked at by itself."""

from __future__ import annotations

import ast
from types import CodeType

from .._keying.source.bytecode import sites
from .._keying.source.compiled import nested_codes
from .._keying.source.instructions import instructions_in_any_case as instructions_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_MANGLED = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
_WRITING = ("STORE_GLOBAL", "DELETE_GLOBAL")
_LOOKING_AROUND = {"dir", "locals", "vars"}


def looks_around(code: CodeType) -> bool:
    """Whether a cell itself calls `locals`, `vars` or `dir` without arguments: of every name, as `globals` does."""
    instructions = instructions_of(code)
    for site in sites(code, instructions, {}):
        if site.read.kind == "global" and site.read.chain[0] in _LOOKING_AROUND and len(site.read.chain) == 1:
            following = [step for step in instructions[site.end :] if step.name not in ("PUSH_NULL", "PRECALL")]
            if following and following[0].name == "CALL" and following[0].arg == 0:
                return True
    return False


def operands(node: ast.BoolOp | ast.IfExp | ast.Compare) -> list[ast.expr]:
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.IfExp):
        return [node.test, node.body, node.orelse]
    return [node.left, *node.comparators]


def is_quiet(node: ast.AST) -> bool:
    """Whether evaluating an expression, its parts apart, can run no code of the user's."""
    if isinstance(node, (ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Expr, ast.Pass, ast.Lambda)):
        return not any(isinstance(child, ast.Starred) for child in ast.iter_child_nodes(node))
    if isinstance(node, (ast.Dict, ast.Set)):
        keys = node.keys if isinstance(node, ast.Dict) else node.elts
        return all(isinstance(key, ast.Constant) for key in keys)
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        return all(
            isinstance(child, ast.Constant) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
        )
    return False


def is_quiet_throughout(node: ast.AST) -> bool:
    """Whether evaluating an expression with all its parts can run no code of the user's."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.expr)]
    return all(isinstance(part, ast.Lambda) or is_quiet(part) for part in parts)


def is_quiet_member(node: ast.stmt) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return all(_is_plain_decorator(item) for item in node.decorator_list) and all(
            is_quiet_throughout(item) for item in (*node.args.defaults, *filter(None, node.args.kw_defaults))
        )
    if isinstance(node, ast.AnnAssign):
        return node.value is None or is_quiet_throughout(node.value)
    if isinstance(node, ast.Assign):
        return is_quiet_throughout(node.value) and all(isinstance(target, ast.Name) for target in node.targets)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _is_plain_decorator(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("property", "staticmethod", "classmethod")


def evaluated_by(node: Function) -> list[ast.expr]:
    """What a `def` evaluates: defaults and annotations."""
    given = node.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    found = [*given.defaults, *given.kw_defaults, *(item.annotation for item in arguments if item), node.returns]
    return [item for item in found if item is not None]


def bound_by_import(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The names that an import binds, but for a star."""
    return [alias.asname or alias.name.partition(".")[0] for alias in node.names if alias.name != "*"]


def bound_by_pattern(pattern: ast.pattern) -> list[str]:
    """The names that a pattern binds where it fits."""
    found = []
    for node in ast.walk(pattern):
        name = getattr(node, "rest", None) if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
        found += [name] if isinstance(name, str) else []
    return found


def read_by_pattern(pattern: ast.pattern) -> list[str]:
    return [node.id for node in ast.walk(pattern) if isinstance(node, ast.Name)]


def _compiled(node: ast.stmt) -> CodeType:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code: CodeType = compile(ast.Module([ast.fix_missing_locations(node)], []), "<cell>", "exec", flags, True)
    return code


def names_read(node: ast.stmt) -> set[str]:
    """Every name of the cell or of builtins that a statement reads, functions in it included."""
    return names_of(_compiled(node))


def names_read_inside(node: ast.stmt) -> set[str]:
    """The names that the functions in a statement read when they are called."""
    found: set[str] = set()
    for nested in nested_codes(_compiled(node)):
        if isinstance(node, ast.ClassDef) and nested.co_name == node.name:
            found |= {name for inner in nested_codes(nested) for name in names_of(inner)}
        else:
            found |= names_of(nested)
    return found


def names_of(code: CodeType) -> set[str]:
    """Every name that code and the functions in it read, from outside themselves."""
    found = {str(step.value) for step in instructions_of(code) if step.name in _MANGLED}
    for nested in nested_codes(code):
        found |= names_of(nested)
    return found


def names_written_inside(code: CodeType) -> set[str]:
    """The names that a function binds or deletes by `global`."""
    found = {str(step.value) for step in instructions_of(code) if step.name in _WRITING}
    for nested in nested_codes(code):
        found |= names_written_inside(nested)
    return found


def read_by_class_body(node: ast.ClassDef) -> set[str]:
    """The names that a class reads while it is made, from outside itself."""
    branches = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match)
    is_straight = not any(isinstance(statement, branches) for statement in node.body)
    found: set[str] = set()
    for body in nested_codes(_compiled(node)):
        if body.co_name != node.name:
            continue
        own = {"__name__"}
        for step in instructions_of(body):
            if step.name == "STORE_NAME" and is_straight:
                own.add(str(step.value))
            elif step.name in _MANGLED:
                found |= {str(step.value)} - own
    return found
