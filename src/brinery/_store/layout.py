"""Binary layout of an entry file.

All numbers are little endian::

    head    magic 8 | MAC 32 | key 16 | secret id 8 | created f64 | expires f64 | seconds f64 | flags u32
            | buffer count u32 | stream length u64 | metadata length u64 | metadata digest 16
    stream
    table   for each buffer: length u64 | length once expanded u64 | kind u8 | zeros 7 | digest 32
    buffers, each at a multiple of 64 bytes
    metadata

The MAC covers everything from the key to the end of the table; the buffers through their digests in the table, and the
metadata through its digest in the head. What is left, the zeros before each buffer, is never looked at. The last byte
of the magic is the version of this format; another format has another file suffix and another signing key, so nothing
in the data chooses how the data are checked.
"""

from __future__ import annotations

from _struct import Struct  # `struct` is its other name, and another file to read

Bytes = bytes | bytearray | memoryview
Restored = memoryview | bytes | bytearray | str  # a buffer as the stream wants it

SUFFIX = ".brine1"
MAGIC = b"brinery\x01"
HEAD = Struct("<8s 32s 16s 8s d d d I I Q Q 16s")
ITEM_HEAD = Struct("<B")  # of what a generator yielded, frozen by itself: its flags
SIGNED_FROM = 40
SECRET_ID = slice(16, 24)  # where it stands in what is signed
ALIGNMENT = 64
AT_ONCE = 64 * 1024  # a file up to here is read by one call
CHUNK = 1 << 20  # bytes of a buffer that are digested by themselves

COMPRESSED = 1  # the stream is its length, u64, and a zstd frame
BLAKE3 = 2  # buffers are digested by BLAKE3 instead of SHA-256
STREAM_APART = 4  # the stream is long: it is the last of the buffers
NOT_PICKLE = 8  # the stream must never meet an unpickler
ITEMS = 16  # the stream is a list of frozen items
HOME_AS_MAIN = 32  # the stream may name "__main__" and mean the function's own module
HOME_AS_MP_MAIN = 64  # the same for "__mp_main__"
HOME_NAMED = 128  # the stream may name the function's own module
KNOWN_FLAGS = 255
ABOUT_STREAM = NOT_PICKLE | ITEMS | HOME_AS_MAIN | HOME_AS_MP_MAIN | HOME_NAMED  # however it is stored

# What a buffer is to be when the stream asks for it: memory, or an object of its own.
WRITABLE = 0
READONLY = 1
BYTES = 2
BYTEARRAY = 3
ASCII = 4  # a text of nothing else
TEXT = 5  # UTF-8, in which half a surrogate pair may stand alone
