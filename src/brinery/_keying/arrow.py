"""How pyarrow's values are taken apart: by logical content, whatever the chunks, offsets and unused bytes are."""

from __future__ import annotations

import sys

from xxhash import xxh3_128, xxh3_128_digest

from .node import Asked, Expander, Node, Passing, Refused, leaf, part
from .plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


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
    np: Any = sys.modules["numpy"]
    hasher = xxh3_128()
    for chunk in chunks:
        hasher.update(np.ascontiguousarray(chunk.is_valid().to_numpy(zero_copy_only=False)).view(np.uint8))
    return hasher.digest()


def _booleans(chunks: list[Any]) -> bytes:
    np: Any = sys.modules["numpy"]
    hasher, no = xxh3_128(), False
    for chunk in chunks:
        filled = chunk.fill_null(no) if chunk.null_count else chunk
        hasher.update(np.ascontiguousarray(filled.to_numpy(zero_copy_only=False)).view(np.uint8))
    return hasher.digest()


def _fixed(chunks: list[Any], width: int) -> bytes:
    """Digest values of a fixed width, nulls as zeros."""
    np: Any = sys.modules["numpy"]
    hasher = xxh3_128()
    for chunk in chunks:
        data = np.frombuffer(chunk.buffers()[1], np.uint8, len(chunk) * width, chunk.offset * width)
        if chunk.null_count:
            data = data.reshape(len(chunk), width).copy()
            data[chunk.is_null().to_numpy(zero_copy_only=False)] = 0
            data = data.reshape(-1)
        hasher.update(data)
    return hasher.digest()


def _texts(kind: Any, chunks: list[Any]) -> bytes:
    """Digest strings by their lengths and the bytes between the first offset and the last, nulls as empty strings."""
    np: Any = sys.modules["numpy"]
    lengths, texts = xxh3_128(), xxh3_128()
    wide = "large" in str(kind)
    for chunk in chunks:
        ends, data = _texts_of_chunk(np, chunk, wide=wide)
        if chunk.null_count and np.diff(ends)[chunk.is_null().to_numpy(zero_copy_only=False)].any():
            filled = chunk.fill_null("" if "string" in str(kind) else b"")
            ends, data = _texts_of_chunk(np, filled, wide=wide)
        lengths.update(np.diff(ends))
        first, last = int(ends[0]), int(ends[-1])
        if last > first:
            texts.update(memoryview(data)[first:last])
    return lengths.digest() + texts.digest()


def _texts_of_chunk(np: Any, chunk: Any, *, wide: bool) -> tuple[Any, Any]:
    """Return the offsets of a chunk's strings, and the buffer that they point into."""
    _, offsets, data = chunk.buffers()
    kind, size = (np.int64, 8) if wide else (np.int32, 4)
    return np.frombuffer(offsets, kind, len(chunk) + 1, chunk.offset * size), data
