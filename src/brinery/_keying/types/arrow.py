"""How pyarrow's values are taken apart: by logical content, whatever the chunks, offsets and unused bytes are."""

from __future__ import annotations

import sys

from xxhash import xxh3_128, xxh3_128_digest

from ..values.node import Asked, Expander, Node, Passing, Refused, leaf, part
from ..values.plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BLOCK = 1 << 15  # numbers that are worked on while they are at hand


def find(base: type) -> Expander | None:
    """Return what takes the instances of one of pyarrow's classes apart, or None where pickling says it all."""
    pa: Any = sys.modules["pyarrow"]
    for parent, expander in (
        (pa.Table, _table),
        (pa.RecordBatch, _table),
        (pa.ChunkedArray, _array),
        (pa.Array, _array),
        (pa.Scalar, _scalar),
        (pa.Schema, _schema),
        (pa.Field, _field),
        (pa.DataType, _type),
        (pa.Buffer, _buffer),
        (pa.NativeFile, _file),
    ):
        if issubclass(base, parent):
            return expander
    return None


def _table(value: Any, walk: Asked) -> Node:
    children = [part(column, content_of) for column in value.columns]
    start = head("table of arrow", _serialized(value.schema), value.num_rows) + walk.class_of(type(value))
    return Node(start, children, [f"[{name!r}]" for name in value.schema.names])


def _array(value: Any, walk: Asked) -> Node:
    return Node(head("array of arrow") + walk.class_of(type(value)), (part(value, content_of),), ("",))


def _scalar(value: Any, _walk: Asked) -> Node:
    pa: Any = sys.modules["pyarrow"]
    array = pa.repeat(value, 1) if value.is_valid else pa.nulls(1, value.type)
    return Node(head("scalar of arrow"), (part(array, content_of),), ("",))


def _schema(value: Any, _walk: Asked) -> bytes:
    return leaf("schema of arrow", _serialized(value))


def _field(value: Any, _walk: Asked) -> bytes:
    return leaf("field of arrow", _serialized(sys.modules["pyarrow"].schema([value])))


def _type(value: Any, _walk: Asked) -> bytes:
    return leaf("type of arrow", _type_bytes(value))


def _buffer(value: Any, _walk: Asked) -> bytes:
    return leaf("buffer of arrow", xxh3_128_digest(value))


def _file(value: object, _walk: Asked) -> Node:
    raise Refused(f"is an open file (pyarrow.{type(value).__name__}) and has no lasting identity")


def _serialized(schema: Any) -> bytes:
    return bytes(memoryview(schema.serialize()))


def _type_bytes(kind: Any) -> bytes:
    pa: Any = sys.modules["pyarrow"]
    return _serialized(pa.schema([pa.field("", kind)]))


def content_of(value: Any, _walk: Asked) -> bytes | Node:
    """Take an array or chunked array apart into type, length and content."""
    pa: Any = sys.modules["pyarrow"]
    chunks = value.chunks if isinstance(value, pa.ChunkedArray) else [value]
    return _content(value.type, [chunk for chunk in chunks if len(chunk)])


def _content(kind: Any, chunks: list[Any]) -> bytes | Node:
    pa: Any = sys.modules["pyarrow"]
    types = pa.types
    length = sum(map(len, chunks))
    nulls = sum(chunk.null_count for chunk in chunks)
    start = head("content of arrow", _type_bytes(kind), length, nulls, _validity(chunks) if 0 < nulls < length else b"")
    if nulls == length:
        return Node(start, ())
    if types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        return Node(start, (Passing(_texts(kind, chunks)),))
    if types.is_boolean(kind):
        return Node(start, (Passing(_booleans(chunks)),))
    if types.is_dictionary(kind):
        joined = pa.chunked_array(chunks).unify_dictionaries().combine_chunks() if len(chunks) > 1 else chunks[0]
        parts = joined.chunks if isinstance(joined, pa.ChunkedArray) else [joined]
        indices = [chunk.indices for chunk in parts]
        dictionary = _child(kind.value_type, [parts[0].dictionary])
        return Node(start, (_child(kind.index_type, indices), dictionary), ("", ".dictionary"))
    if types.is_struct(kind):
        fields = list(zip(*(chunk.flatten() for chunk in chunks), strict=True))
        return Node(start, [_child(kind.field(number).type, list(field)) for number, field in enumerate(fields)])
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        lengths = [chunk.value_lengths() for chunk in chunks]
        items = _child(kind.value_type, [chunk.drop_null().flatten() for chunk in chunks])
        return Node(start, (_child(lengths[0].type, lengths), items))
    if isinstance(kind, pa.BaseExtensionType):
        return Node(start, (_child(kind.storage_type, [chunk.storage for chunk in chunks]),))
    width = _width(kind)
    if width:
        return Node(start, (Passing(_fixed(chunks, width)),))
    # Unions, maps, views, run-end encoded: rare, and right element by element.
    return Node(start, (Passing([item for chunk in chunks for item in chunk.to_pylist()], 0),))


def _child(kind: Any, chunks: list[Any]) -> Passing:
    return part(chunks, lambda chunks, _walk: _content(kind, [chunk for chunk in chunks if len(chunk)]))


def _width(kind: Any) -> int:
    try:
        return int(kind.bit_width) // 8
    except ValueError:
        return 0


def _validity(chunks: list[Any]) -> bytes:
    hasher = xxh3_128()
    for chunk in chunks:
        hasher.update(_flags(chunk.is_valid()))
    return hasher.digest()


def _booleans(chunks: list[Any]) -> bytes:
    hasher, no = xxh3_128(), False
    for chunk in chunks:
        hasher.update(_flags(chunk.fill_null(no) if chunk.null_count else chunk))
    return hasher.digest()


def _flags(booleans: Any) -> Any:
    """Return an array of bools without nulls as bytes of 0 and 1, at a twentieth of what Arrow takes for it."""
    np: Any = sys.modules["numpy"]
    skipped, before = divmod(booleans.offset, 8)
    bits = np.frombuffer(booleans.buffers()[1], np.uint8, offset=skipped)
    return np.unpackbits(bits, count=before + len(booleans), bitorder="little")[before:]


def _fixed(chunks: list[Any], width: int) -> bytes:
    """Digest values of a fixed width, nulls as zeros."""
    np: Any = sys.modules["numpy"]
    hasher = xxh3_128()
    for chunk in chunks:
        data = np.frombuffer(chunk.buffers()[1], np.uint8, len(chunk) * width, chunk.offset * width)
        if chunk.null_count:
            valid = _flags(chunk.is_valid())
            if width in (1, 2, 4, 8):
                data = data.view(f"u{width}") * valid
            else:
                data = (data.reshape(len(chunk), width) * valid[:, None]).reshape(-1)
        hasher.update(data)
    return hasher.digest()


def _texts(kind: Any, chunks: list[Any]) -> bytes:
    """Digest strings by where they end, counted from the first of all, and by their bytes; nulls as empty strings."""
    np: Any = sys.modules["numpy"]
    places, texts, before = xxh3_128(), xxh3_128(), 0
    wide = "large" in str(kind)
    for chunk in chunks:
        ends, data = _texts_of_chunk(np, chunk, wide=wide)
        if chunk.null_count and ((ends[1:] != ends[:-1]) > _flags(chunk.is_valid())).any():  # something under a null
            filled = chunk.fill_null("" if "string" in str(kind) else b"")
            ends, data = _texts_of_chunk(np, filled, wide=wide)
        first, last = int(ends[0]), int(ends[-1])
        _feed_shifted(places, ends[1:], before - first)
        if last > first:
            texts.update(memoryview(data)[first:last])
            before += last - first
    return places.digest() + texts.digest()


def _feed_shifted(hasher: Any, numbers: Any, shift: int) -> None:
    """Digest whole numbers with another added to each; as they are where that is none, as it is for most columns."""
    if not shift:
        hasher.update(numbers)
        return
    # Without sign, so that they go on from zero where several chunks are longer together than their type can say.
    numbers = numbers.view(f"u{numbers.itemsize}")
    shift = numbers.dtype.type(shift % (1 << 8 * numbers.itemsize))
    for start in range(0, len(numbers), _BLOCK):
        hasher.update(numbers[start : start + _BLOCK] + shift)


def _texts_of_chunk(np: Any, chunk: Any, *, wide: bool) -> tuple[Any, Any]:
    """Return the offsets of a chunk's strings, and the buffer that they point into."""
    _, offsets, data = chunk.buffers()
    kind, size = (np.int64, 8) if wide else (np.int32, 4)
    return np.frombuffer(offsets, kind, len(chunk) + 1, chunk.offset * size), data
