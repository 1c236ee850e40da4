"""Optional zstd: squeeze what is worth it, expand no further than was promised."""

from __future__ import annotations

import sys

from ...errors import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from ..layout import Bytes

_LEVEL = 1  # 3 gains little and takes twice as long
_LEAST = 1024
_PROBE = 64 * 1024
_WORTHWHILE = 0.9  # of the length, at most
_PIECE = 1 << 20


def require() -> ModuleType:
    """Give the zstd module; ValueError that names the way out where there is none."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise OptionError("compress=True needs zstd: pip install brinery[zstd]") from None
    module: ModuleType = zstd
    return module


def is_there() -> bool:
    """Whether there is a zstd module."""
    try:
        require()
    except ValueError:
        return False
    return True


def squeeze(data: Bytes) -> bytes | None:
    """Compress, or None where that is not worthwhile: too short, or a sample hardly shrinks."""
    length = len(data)
    if length < _LEAST:
        return None
    compress = require().compress
    if length > 4 * _PROBE:
        middle = length // 2
        if len(compress(memoryview(data)[middle : middle + _PROBE], _LEVEL)) > _PROBE * _WORTHWHILE:
            return None
    squeezed: bytes = compress(data, _LEVEL)
    return squeezed if len(squeezed) <= length * _WORTHWHILE else None


def expand(squeezed: Bytes, target: bytearray | memoryview) -> bool:
    """Fill `target` from one zstd frame; False unless it is filled exactly. Never makes more than fits."""
    zstd = require()
    decompressor = zstd.ZstdDecompressor()
    filled, piece = 0, squeezed
    try:
        while not decompressor.eof:
            # One byte more than fits, so that a frame which holds more is noticed.
            found = decompressor.decompress(piece, max_length=min(_PIECE, len(target) - filled + 1))
            piece = b""
            if filled + len(found) > len(target) or (not found and decompressor.needs_input):
                return False
            target[filled : filled + len(found)] = found
            filled += len(found)
    except zstd.ZstdError:
        return False
    return filled == len(target) and not decompressor.unused_data
