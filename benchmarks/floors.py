"""The least that each job can cost: its steps in one plain function, with nothing around them."""

from __future__ import annotations

import hmac
import mmap
import os
import pickle
from itertools import count
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    import numpy as np

SECRET = b"0123456789abcdef" * 2
MAC_SIZE = 32


class SignedFile:
    """A small result in a signed file: open, fstat, read, HMAC, unpickle."""

    def __init__(self, folder: str, result: object) -> None:
        self.path = os.path.join(folder, "signed")
        stream = pickle.dumps(result, 5)
        with open(self.path, "wb") as file:
            file.write(hmac.digest(SECRET, stream, "sha256") + stream)

    def load(self) -> Any:
        """Read, check and unpickle."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            data = os.read(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)
        stream = data[MAC_SIZE:]
        if not hmac.compare_digest(data[:MAC_SIZE], hmac.digest(SECRET, stream, "sha256")):
            raise ValueError(self.path)
        return pickle.loads(stream)


class RenamedFiles:
    """Small results, each written to a temporary file that is renamed into one of 256 folders."""

    def __init__(self, folder: str, result: object) -> None:
        self.folder = folder
        self.result = result
        self.numbers = count()
        for shard in range(256):
            os.makedirs(os.path.join(folder, f"{shard:02x}"))

    def store(self) -> None:
        """Write one more file."""
        number = next(self.numbers)
        temporary = f"{self.folder}/{number}.tmp"
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, pickle.dumps(self.result, 5))
        finally:
            os.close(descriptor)
        os.rename(temporary, f"{self.folder}/{number % 256:02x}/{number}")

    def load(self, number: int) -> bytes:
        """Read one of the files."""
        descriptor = os.open(f"{self.folder}/{number % 256:02x}/{number}", os.O_RDONLY)
        try:
            return os.read(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)


class LargeFile:
    """A large array as bare bytes: written and renamed, read into new memory; nothing is checked."""

    def __init__(self, folder: str, array: np.ndarray) -> None:
        self.path = os.path.join(folder, "large")
        self.array = array

    def clear(self) -> None:
        """Remove the file, so that the next one finds as much room."""
        if os.path.exists(self.path):
            os.unlink(self.path)

    def store(self) -> None:
        """Write a temporary file and rename it."""
        with open(self.path + ".tmp", "wb", buffering=0) as file:
            rest = self.array.data.cast("B")
            while rest:
                rest = rest[file.write(rest) :]
        os.rename(self.path + ".tmp", self.path)

    def load(self) -> np.ndarray:
        """Read the file into an array of its own, in huge pages where there are some."""
        memory = mmap.mmap(-1, self.array.nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            memory.madvise(mmap.MADV_HUGEPAGE)
        with open(self.path, "rb", buffering=0) as file:
            rest = memoryview(memory)
            while rest:
                rest = rest[file.readinto(rest[: 1 << 20]) :]
        import numpy as np  # only here: its import is a part of none of the other floors

        return np.frombuffer(memory, self.array.dtype)
