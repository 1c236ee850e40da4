"""What a process without the sources needs, to come to the same fingerprint as one that has them."""

from __future__ import annotations

from .._light import NamedTuple
from .compiled import bytecode_digest
from .home import carry_home, carry_main, home_of_file, home_of_main
from .known_sources import carry_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

    from .source import Source


class Carried(NamedTuple):
    """Sources by their bytecode, homes by file name, and that of ``__main__``, for a process without the files."""

    sources: dict[bytes, Source]
    homes: dict[str, str]
    main: str


def carry(carried: Carried) -> None:
    """Take over what another process knows of sources and homes that may be out of reach here."""
    for bytecode, source in carried.sources.items():
        carry_source(bytecode, source)
    for filename, home in carried.homes.items():
        carry_home(filename, home)
    carry_main(carried.main)


def carried(sources: Iterable[tuple[CodeType, Source]]) -> Carried:
    """Pack what is known of the sources of a fingerprint."""
    files = {code.co_filename for code, _ in sources if not code.co_filename.startswith("<")}
    by_code = {bytecode_digest(code, documented=True): source for code, source in sources}
    return Carried(by_code, {name: home_of_file(name) for name in files}, home_of_main())
