"""Take values apart into nodes and encode them, children first.

The stack is a list, so that depth does not matter. What is finished is remembered by id, so that what is shared is
encoded once; a reference back to an unfinished ancestor counts by how many nodes up it leads, and whatever depends on
such a reference is not remembered, since it means something else in another place.
"""

from __future__ import annotations

from itertools import chain, islice

from xxhash import xxh3_128_digest

from ...errors import UnkeyableError
from ..code.live import is_changeable, standard_name
from .filled import LEFT_OUT, Filling
from .kinds import find
from .node import Asked, Expander, Node, Part, Passing, Refused, Values, close, leaf, step
from .pickled import PlainForms, chunk_size
from .plain import CODE, CONTAINER_IDS, NODE, SCALAR_IDS, inner_of_small, marshalled, scalar
from .reached import way_through
from .sharing import IMMUTABLE, WHOLE, Inside, identity_of, is_met_again, pattern, sort_unordered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, TypeAlias

CodeOf: TypeAlias = "Callable[[object], bytes]"
Live: TypeAlias = "Callable[[Any, Asked], bytes | Node | None]"
Reached: TypeAlias = "Callable[[str, object], object]"

_LARGE = 4096  # the digest of a plain container is remembered from here on: finding it again costs less than making it
_TANGLED = 1_000
_FAR_DOWN = 64  # deeper than nearly all values are
_DEEPEST = 1_000_000


class _Tangled(Exception):
    """So many ways lead through the cycles of a value that its objects are to be numbered instead."""


class _Frame:
    """A node of which some children are encoded and others are not yet."""

    __slots__ = ("encodings", "iterator", "lowest", "mark", "node", "passing", "value")

    def __init__(self, node: Node, value: object, depth: int, mark: int, *, passing: bool) -> None:
        self.node = node
        self.mark = mark  # how much had been met of what can be changed
        self.value = value
        self.passing = passing
        self.iterator: Iterator[object] = iter(node.children)
        self.encodings: list[bytes] = []
        self.lowest = depth  # of the outermost unfinished ancestor that something in here refers back to


class Walk:
    """One journey through one value; for a single use, by a single thread."""

    __slots__ = (
        "_again", "_classes", "_code", "_expanders", "_failed", "_frames", "_identities", "_ignored", "_inner",
        "_is_met_again", "_known",
        "_live", "_log", "_loose", "_numbering", "_opaque", "_open", "_path", "_plain", "_reached", "_trusted",
        "options",
    )  # fmt: skip

    def __init__(
        self,
        path: str,
        code: CodeOf,
        reached: Reached | None,
        opaque: Reached | None = None,
        live: Live | None = None,
    ) -> None:
        once: Callable[[], CodeOf] | None = getattr(code, "for_one_value", None)
        self._code = code if once is None else once()
        self._ignored: Callable[[type], frozenset[str]] | None = getattr(code, "ignored", None)
        self._live = live
        self._path = path
        self._reached = reached
        self._opaque = opaque
        self._trusted: list[object] = []  # what says itself what it consists of, where nobody else looks into it
        self._plain = PlainForms.lent()
        self._frames: list[_Frame] = []
        # Finished, by id; keeps alive what it names; and whether it, or something in it, can be changed.
        self._known: dict[int, tuple[bytes, object, bool]] = {}
        self._log: list[object] = []  # of all that can be changed, as often as it is met
        self._inner: set[int] = set()  # the ids of what was met inside of plain values
        self._is_met_again = False  # something in the log, perhaps
        self._open: dict[int, int] = {}  # unfinished, by id: at which depth
        self._loose: dict[int, object] = {}  # finished, and dependent on where they stand
        self._again = 0
        self._numbering = False
        self._failed: Exception | None = None
        self._classes: dict[int, tuple[bytes, type]] = {}
        self.options: dict[str, bytes] = {}
        self._expanders: dict[int, Expander] = {}
        self._identities: dict[int, int] = {}

    def run(self, value: object) -> bytes:
        """Return the encoding of a value."""
        try:
            return self._with_more(self._run(value))
        except _Tangled:
            # The ways through a dense graph of objects are countless, and none of them may be remembered. So its
            # objects are numbered as they are met: equal for copies, though no longer blind to what is shared.
            self._frames, self._known, self._open, self._loose, self._numbering = [], {}, {}, {}, True
            self._log, self._inner = [], set()
            return self._with_more(leaf("graph", self._run(value)))
        finally:
            self._plain.give_back()

    def code_of(self, thing: object) -> bytes:
        """Return the encoding of a function, class or module."""
        try:
            said = self._code(thing)
        except Exception as error:
            self._failed = error  # not the value's fault: it must not count as something that cannot be digested
            raise
        return CODE + (said if len(said) == 16 else xxh3_128_digest(b"code\0" + said))

    def class_of(self, kind: type) -> bytes:
        """Return the encoding of an instance's class: by name if nobody can change it, else by its code."""
        found = self._classes.get(id(kind))
        if found is None:
            name = standard_name(kind)
            found = (leaf("class", name) if name and not is_changeable(kind) else self.code_of(kind)), kind
            self._classes[id(kind)] = found
        return found[0]

    def plain(self, value: Any) -> bytes | None:
        """Return the encoding of an exact tuple, list or dict that was made on the way, if it is plain."""
        return self._plain_form(value, passing=True)

    def note(self, value: object) -> bool:
        """Tell of a value, if code merely reaches it, that not all of it counts; return whether it was told."""
        if self._reached is not None:
            self._reached(self.where(), value)
        return self._reached is not None

    def take_at_its_word(self, value: object) -> None:
        """Note an object that says itself what it consists of: it may speak of functions by their names alone."""
        if self._opaque is None:
            self._trusted.append(value)
            return
        try:
            self._opaque(self.where(), value)
        except Exception as error:
            self._failed = error
            raise

    def _with_more(self, encoding: bytes) -> bytes:
        """Add what is shared in the value, and code that is held by what speaks for itself."""
        shared = None
        if self._is_met_again or not self._inner.isdisjoint(self._known):
            shared = pattern(self._log)
        if shared is not None:
            encoding = close(shared, encoding)
        if not self._trusted:
            return encoding
        from ..handles.held import held_code, is_users

        seen: dict[int, object] = {}
        found = [held.code for value in self._trusted for held in held_code(value, is_users, seen)]
        return leaf("with code", encoding, *sorted({self.code_of(code) for code in found})) if found else encoding

    # The journey.

    def _run(self, root: object) -> bytes:
        frame = _Frame(Node(b"", (root,)), None, 0, 0, passing=True)
        self._frames.append(frame)
        try:
            while True:
                try:
                    return self._go_on(frame)
                except Refused as refusal:
                    filling = self._leave_out()
                    if filling is None:
                        raise self._unkeyable(str(refusal)) from refusal.__cause__
                    frame = filling
        except RuntimeError as error:
            if isinstance(error, RecursionError):
                raise
            raise self._unkeyable("changed while it was being digested") from error

    def _go_on(self, frame: _Frame) -> bytes:
        """Encode what is left of a frame and of all below it, which is the whole value in the end."""
        frames, known = self._frames, self._known
        while True:
            encodings = frame.encodings
            for child in frame.iterator:
                number = id(type(child))
                if number in SCALAR_IDS:
                    encodings.append(scalar(child))
                    continue
                found = known.get(id(child))
                if found is not None:
                    encodings.append(found[0])
                    if found[2]:
                        self._log.append(child)
                        self._is_met_again = True
                    continue
                if number in CONTAINER_IDS:
                    form = self._plain_form(child, passing=False)
                    if form is not None:
                        encodings.append(form)
                        continue
                opened = self._take_apart(frame, child)
                if opened is not None:
                    frame = opened
                    break
            else:
                frames.pop()
                if not frames:
                    return encodings[0]
                frame = self._finish(frame)

    def _leave_out(self) -> _Frame | None:
        """Go back to the nearest object that can do without what was refused; None where there is none."""
        frames = self._frames
        for depth in range(len(frames) - 1, -1, -1):
            frame = frames[depth]
            if isinstance(frame.node, Filling) and len(frame.encodings) >= frame.node.fixed:
                if not self._numbering:
                    for given_up in frames[depth + 1 :]:
                        if not given_up.passing:
                            self._open.pop(id(given_up.value), None)
                if depth + 1 < len(frames):
                    del self._log[frames[depth + 1].mark :]
                del frames[depth + 1 :]
                frame.encodings.append(LEFT_OUT)
                return frame
        return None

    def _take_apart(self, frame: _Frame, child: Any) -> _Frame | None:
        """Encode a child that is not plain at once, or open a frame for it."""
        kind = type(child)
        if kind is Passing:  # isinstance() would ask a value for its __class__
            return self._take_passing(frame, child)
        depth = self._open.get(id(child))
        if depth is not None:
            frame.encodings.append(self._refer_back(frame, depth))
            return None
        taken = self._expand(child)
        if isinstance(taken, bytes):
            identity = self._identities.get(id(kind))
            counts = (self._identity_of(kind) if identity is None else identity) != IMMUTABLE
            self._known[id(child)] = taken, child, counts
            if counts:
                self._log.append(child)
            frame.encodings.append(taken)
            return None
        return self._open_frame(taken, child, passing=False)

    def _take_passing(self, frame: _Frame, passing: Passing) -> _Frame | None:
        child, labels, copied = passing
        kind = id(type(child))
        form = scalar(child) if kind in SCALAR_IDS else None
        if kind in CONTAINER_IDS:
            form = self._plain_form(child, passing=True, copied=copied)
        if form is None:
            taken = self._expand(child)
            if not isinstance(taken, bytes):
                if labels is not None and taken.labels is not None:
                    taken.labels = labels
                return self._open_frame(taken, child, passing=True)
            form = taken
        frame.encodings.append(form)
        return None

    def _refer_back(self, frame: _Frame, depth: int) -> bytes:
        if self._numbering:
            return leaf("number", depth)
        frame.lowest = min(frame.lowest, depth)
        return leaf("back", len(self._frames) - depth)

    def _open_frame(self, node: Node, value: object, *, passing: bool) -> _Frame:
        depth = len(self._frames)
        if depth > _DEEPEST:
            raise Refused(f"is nested more than {_DEEPEST:,} deep, or without end")
        if not passing:
            number = id(value)
            if self._numbering:
                self._open[number] = len(self._open)
                self._loose[number] = value
            else:
                self._open[number] = depth
                if number in self._loose:
                    self._is_met_again = True
                    self._again += 1
                    if self._again > _TANGLED:
                        raise _Tangled
        frame = _Frame(node, value, depth, len(self._log), passing=passing)
        self._frames.append(frame)
        return frame

    def _finish(self, done: _Frame) -> _Frame:
        """Close a frame, hand its encoding to its parent, and return that."""
        node, encodings = done.node, done.encodings
        log = self._log
        if node.unordered:
            encodings.sort()
            if len(log) > done.mark:
                sort_unordered(log, done.mark, self._form_of)
        if type(node) is Node:
            encoding = NODE + xxh3_128_digest(node.head + b"".join(encodings))
        else:
            encoding = node.settle(encodings)
        depth = len(self._frames)
        parent = self._frames[-1]
        parent.encodings.append(encoding)
        depends = done.lowest < depth
        if depends and done.lowest < parent.lowest:
            parent.lowest = done.lowest
        if done.passing:
            return parent
        value, number = done.value, id(done.value)
        identity = self._identities.get(id(type(value)))
        if identity is None:
            identity = self._identity_of(type(value))
        counts = depends or identity != IMMUTABLE or len(log) > done.mark
        if counts:
            if identity == WHOLE:
                del log[done.mark :]
            log.append(value)
        if not self._numbering:
            del self._open[number]
            if depends:
                self._loose[number] = value
            else:
                self._known[number] = encoding, value, counts
        return parent

    def _identity_of(self, kind: type) -> int:
        known = self._identities[id(kind)] = identity_of(kind)
        return known

    def _form_of(self, value: object) -> bytes:
        """Return what is known of a value that was met, to put it in order."""
        known = self._known.get(id(value))
        return type(value).__qualname__.encode("utf-8", "surrogatepass") if known is None else known[0]

    # What values consist of.

    def _expand(self, value: Any) -> bytes | Node:
        kind = type(value)
        expander = self._expanders.get(id(kind))
        try:
            if expander is None:
                if id(kind) in CONTAINER_IDS:
                    return _container(value)
                if kind is Part:
                    value, expander = value
                else:
                    ignored = frozenset[str]() if self._ignored is None else self._ignored(kind)
                    self._expanders[id(kind)] = expander = find(kind, ignored)
            if self._live is not None and kind is not Part:
                form = self._live(value, self)
                if form is not None:
                    return form
            return expander(value, self)
        except (RecursionError, MemoryError):
            raise
        except Exception as error:
            if error is self._failed:
                raise
            if self._reached is not None:
                seen = self._look_through(value) if isinstance(error, Refused) else None
                if seen is not None:
                    return seen
                self._reached(self.where(), value)
                self.take_at_its_word(value)
                return leaf("reached", self.class_of(type(value)))
            if isinstance(error, Refused):
                raise
            raise Refused(f"cannot be taken apart ({kind.__module__}.{kind.__qualname__}: {error})") from error

    def _look_through(self, value: Any) -> bytes | Node | None:
        """Take apart what has no identity of its own and leads to something that has, where code merely reaches it."""
        expander = way_through(type(value))
        try:
            return None if expander is None else expander(value, self)
        except Exception as error:
            if error is self._failed:
                raise
            return None

    def _plain_form(self, value: Any, *, passing: bool, copied: bool = False) -> bytes | None:
        rows: Sequence[Sequence[object]] | None = None
        small = inner_of_small(value)
        form = None if small is None else marshalled(value)
        remembered = False
        if form is not None:
            if small:
                rows = (small,)
        elif passing or len(value) <= chunk_size(value):
            stream = self._plain.stream(value, far_down=len(self._frames) > _FAR_DOWN, copied=copied)
            if stream is None:
                return None
            form = NODE + xxh3_128_digest(stream)  # begins as no head of a node does
            rows = self._plain.inside
            remembered = len(stream) > _LARGE
        else:
            return None
        if not passing:
            counts = rows is not None or type(value) is not tuple
            if counts or remembered:
                self._known[id(value)] = form, value, counts
            if counts:
                self._log.append(value)
        if rows is not None:
            inside = Inside(form, value, rows)
            self._log.append(inside)
            if not self._is_met_again:
                self._is_met_again = is_met_again(inside, self._inner)
        return form

    # What stood in the way.

    def where(self) -> str:
        """Return the path to what is being encoded."""
        steps = (step(frame.node.labels, len(frame.encodings)) for frame in self._frames)
        return self._path + "".join(steps)

    def _unkeyable(self, reason: str) -> UnkeyableError:
        path = self.where()
        name = self._path if self._path.isidentifier() else "..."
        text = (
            f"{path or 'the value'} {reason}, so it cannot be part of a key. Leave it out with ignore=[{name!r}], say "
            "with key=... what stands for the arguments, or with brinery.register_digest what stands for the type."
        )
        return UnkeyableError(text, path)


def _container(value: Any) -> Node:
    """Take an exact tuple, list or dict apart; a large one in chunks, so that the fast way is open to most of it."""
    count = len(value)
    size = chunk_size(value)
    if type(value) is dict:
        if count <= size:
            return Node(b"dict\0%d\0" % count, chain.from_iterable(value.items()), value)
        return Node(b"dict in chunks\0%d\0" % count, _dict_chunks(value, size))
    kind = b"tuple" if type(value) is tuple else b"list"
    if count <= size:
        return Node(b"%b\0%d\0" % (kind, count), value, 0)
    return Node(b"%b in chunks\0%d\0" % (kind, count), _chunks(value, size))


def _chunks(value: Any, size: int) -> Iterator[Passing]:
    for start in range(0, len(value), size):
        yield Passing(value[start : start + size], start, copied=True)


def _dict_chunks(value: dict[Any, Any], size: int) -> Iterator[Passing]:
    keys, values = iter(value), iter(value.values())
    while names := list(islice(keys, size)):
        yield Passing(names)
        yield Passing(list(islice(values, size)), Values(names), copied=True)
