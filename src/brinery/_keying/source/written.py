"""Names that code only writes to: counters and logs, whose values flow into no result.

What a function appends to, adds to or counts up, and does not read, cannot change what it returns. Found in its syntax
tree, as the bytecode of `LOG.append(x)` is that of any other read.
"""

from __future__ import annotations

import ast

from .reads import COUNTED, ITEM_SET, Read, split_written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    _Chain = tuple[str, ...]
    _Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

# Methods that take something up and neither give anything nor fail for what is there already.
_TAKING = frozenset(
    {"add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "setdefault", "update"}
)
# Operators that give something for whatever is on their left.
_ADDING = (ast.Add, ast.Sub, ast.Mult, ast.BitOr)


def mark_written(node: _Function, reads: tuple[Read, ...], free: tuple[str, ...]) -> tuple[Read, ...]:
    """Replace the reads of names that a function only writes to by reads of kind "written".

    Args:
        node: the function's syntax tree.
        reads: what it reads, by its bytecode.
        free: its variables of enclosing functions.
    """
    mentions = _Mentions(node)
    found: dict[Read, None] = {}
    roots: set[str] = set()
    for root in {read.chain[0] for read in reads if read.kind == "global"} | set(free):
        told = mentions.of(root)
        if told is None:
            continue
        roots.add(root)
        kind = "cell" if root in free else "global"
        found |= dict.fromkeys(Read(f"written {kind}" if only else kind, chain) for chain, only in told)
    if not roots:
        return reads
    kept = [read for read in reads if read.kind not in ("global", "cell") or read.chain[0] not in roots]
    return (*kept, *sorted(found))


class _Mentions:
    """Where a function's tree mentions a name, and how."""

    def __init__(self, node: _Function) -> None:
        self._parents: dict[ast.AST, ast.AST] = {}
        self._names: dict[str, list[ast.Name]] = {}
        self._bound: set[str] = set()  # by something else than an assignment, or in a function where it is local
        body = node.body if isinstance(node.body, list) else [node.body]
        self._bound.update(item.arg for item in _arguments(node.args))
        for statement in body:
            self._look(statement, node)
        self._check_scopes(node)

    def _look(self, node: ast.AST, parent: ast.AST) -> None:
        pending = [(node, parent)]
        while pending:
            node, parent = pending.pop()
            self._parents[node] = parent
            if isinstance(node, ast.Name):
                self._names.setdefault(node.id, []).append(node)
            elif isinstance(node, ast.arg):
                self._bound.add(node.arg)
            elif isinstance(node, ast.alias):
                self._bound.add((node.asname or node.name).partition(".")[0])
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._bound.add(node.name)
            elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
                self._bound.add(node.name or "")
            elif isinstance(node, ast.MatchMapping):
                self._bound.add(node.rest or "")
            pending += [(child, node) for child in ast.iter_child_nodes(node)]

    def _check_scopes(self, root: _Function) -> None:
        """What is assigned where it is not declared to be of outside is local there."""
        outer: dict[ast.AST, set[str]] = {}
        for node in self._parents:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                outer.setdefault(self._scope_of(node, root), set()).update(node.names)
        for name, mentions in self._names.items():
            for mention in mentions:
                is_local = name not in outer.get(self._scope_of(mention, root), ())
                if not isinstance(mention.ctx, ast.Load) and is_local:
                    self._bound.add(name)

    def _scope_of(self, node: ast.AST, root: _Function) -> ast.AST:
        while node is not root:
            node = self._parents[node]
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
                return node
        return root

    def of(self, root: str) -> set[tuple[_Chain, bool]] | None:
        """Return what is read under a name, and whether it is only written to; None where all of it is read."""
        if root in self._bound or root.startswith("__"):
            return None
        told = {found for mention in self._names.get(root, ()) for found in self._tell(mention)}
        read = {chain for chain, only in told if not only}
        written = {chain for chain, only in told if only}
        # What is read as well, or reached through something that is, counts as it is.
        written = {
            chain
            for chain in written
            if not any(split_written(chain)[0][: len(other)] == other[: len(split_written(chain)[0])] for other in read)
        }
        return {(chain, False) for chain in read} | {(chain, True) for chain in written} if written else None

    def _tell(self, mention: ast.Name) -> Iterator[tuple[_Chain, bool]]:
        """Say what one mention reads, attributes included, or that it only writes."""
        chain: _Chain = (mention.id,)
        node: ast.Name | ast.Attribute = mention
        while True:
            written = self._written(node)
            if written is not None:
                yield (*chain, *written), True
                return
            parent = self._parents[node]
            if not isinstance(parent, ast.Attribute) or parent.value is not node:
                break
            if not isinstance(parent.ctx, ast.Load) and not isinstance(self._parents[parent], ast.AugAssign):
                if len(chain) > 1:
                    yield chain, False
                return  # an attribute of it is set: the bytecode, too, is then taken to read what is before that only
            chain, node = (*chain, parent.attr), parent
        if isinstance(node.ctx, ast.Load) or isinstance(parent, (ast.AugAssign, ast.Delete)):
            yield chain, False

    def _written(self, node: ast.Name | ast.Attribute) -> _Chain | None:
        """Return what is to be added to a chain where the code only writes to what it leads to, else None."""
        parent = self._parents[node]
        if isinstance(parent, ast.AugAssign) and parent.target is node:
            return () if isinstance(parent.op, _ADDING) else None
        if isinstance(parent, ast.Subscript) and parent.value is node:
            return self._written_item(parent)
        if isinstance(parent, ast.Attribute) and parent.value is node and parent.attr in _TAKING:
            call = self._parents[parent]
            is_called = isinstance(call, ast.Call) and call.func is parent
            return () if is_called and isinstance(self._parents[call], ast.Expr) else None
        # `COUNT = COUNT + 1`, and `SEEN[x] = SEEN.get(x, 0) + 1`
        summand: ast.AST = node
        if isinstance(parent, ast.Attribute) and parent.value is node and parent.attr == "get":
            summand = self._parents[parent]
            if not isinstance(summand, ast.Call) or summand.func is not parent:
                return None
        added = self._parents[summand]
        assigned = self._parents.get(added)
        if not isinstance(added, ast.BinOp) or added.left is not summand or not isinstance(added.op, _ADDING):
            return None
        if not isinstance(assigned, ast.Assign) or assigned.value is not added:
            return None
        if len(assigned.targets) != 1:
            return None
        target = assigned.targets[0]
        if summand is not node:
            target = target.value if isinstance(target, ast.Subscript) else target
            if target is assigned.targets[0]:
                return None
        is_same = ast.unparse(target) == ast.unparse(node)
        return None if not is_same else () if summand is node else (ITEM_SET,)

    def _written_item(self, item: ast.Subscript) -> _Chain | None:
        parent = self._parents[item]
        if isinstance(parent, ast.AugAssign) and parent.target is item:
            key = item.slice.value if isinstance(item.slice, ast.Constant) else None
            return (COUNTED + key if type(key) is str else COUNTED,) if isinstance(parent.op, _ADDING) else None
        is_target = isinstance(item.ctx, ast.Store) and not isinstance(item.slice, ast.Slice)
        return (ITEM_SET,) if is_target and isinstance(parent, ast.Assign) else None


def _arguments(given: ast.arguments) -> list[ast.arg]:
    found = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [item for item in found if item is not None]
