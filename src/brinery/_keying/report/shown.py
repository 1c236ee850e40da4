"""Values in short, for people: what may be written in the clear, and what looks like a secret and is hidden."""

from __future__ import annotations

from ..._light import BuiltinFunctionType, FunctionType
from ..code.live import is_class, is_loaded_module, standard_name

_PARTS_OF_NAMES = "passw", "passphrase", "privatekey", "secret", "token", "credential", "apikey"
_WORDS_OF_NAMES = frozenset(("key", "keys", "auth", "auths", "pwd", "pwds"))
_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token"))
_PARAMETERS = frozenset(("sig", "signature", "x-amz-signature", "x-goog-signature", "code", "accountkey"))
_ORDINARY = frozenset(("key", "token", "auth"))  # in a call or a question, such as `key=len`
_SCHEMES = frozenset(("bearer", "basic", "digest", "negotiate", "token", "apikey"))
_BEGINNINGS = (
    *("AKIA", "ASIA", "AIza", "ya29.", "GOCSPX-"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "pypi-", "hf_", "dop_v1_"),
    *("xoxa-", "xoxb-", "xoxe-", "xoxp-", "xoxr-", "xoxs-", "xapp-"),
    *("sk-", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "whsec_", "SG.", "shpat_", "sq0csp-"),
)
_DIGESTS = frozenset(("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake3", "xxh3", "crc32"))
_SHORTEST_TOKEN = 16
_SHORTEST_RANDOM = 20
# Words and numbers in a text that chance has made are no longer than this, on average: in any case; with few vowels, of
# which names that people make have some 0.4. Such names are mostly made of pieces: in one piece, less is enough.
_PIECE = 12
_RUN, _RUN_WITH_FEW_VOWELS, _FEW_VOWELS = 2.1, 3.6, 0.31
_RUN_IN_PIECE, _RUN_IN_PIECE_WITH_FEW_VOWELS, _FEW_VOWELS_IN_PIECE = 2.9, 5.0, 0.36
_COMMIT = 40  # digits
_LEAST = 8
_MOST_KNOWN = 1024
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-.~")
_AROUND = "\"'`()[]{}<>,;"

_known: dict[str, bool] = {}


def sounds_secret(name: str) -> bool:
    """Whether a name is one under which people keep secrets."""
    answer = _known.get(name)
    if answer is None:
        folded = name.casefold()
        words = folded.replace("-", "_").split("_")
        answer = any(part in folded for part in _PARTS_OF_NAMES) or not _WORDS_OF_NAMES.isdisjoint(words)
        if len(_known) < _MOST_KNOWN:
            _known[name] = answer
    return answer


def looks_secret(text: str) -> bool:
    """Whether a text holds what people keep secret, whatever its name."""
    if len(text) < _LEAST:
        return False
    if "-----BEGIN" in text and "PRIVATE KEY" in text:
        return True
    words = text.split()
    return (
        any(_grants_access(scheme, words[number + 1], len(words)) for number, scheme in enumerate(words[:-1]))
        or ("://" in text and any("://" in word and _is_url_with_secret(word) for word in words))
        or (("=" in text or ":" in text) and _has_secret_setting(text))
        or any(_is_token(word.strip(_AROUND)) for word in words if len(word) >= _SHORTEST_TOKEN)
    )


def _grants_access(scheme: str, credential: str, words: int) -> bool:
    """Whether two words are those of an Authorization header, and not of a sentence."""
    if scheme.casefold().rstrip(":").rpartition(":")[2] not in _SCHEMES or len(credential) < _LEAST:
        return False
    return (words == 2 and scheme.casefold() == "bearer") or (
        _BASE64.issuperset(credential) and not credential.isalpha() and not credential.replace(".", "").isdigit()
    )


def _is_url_with_secret(word: str) -> bool:
    for rest in word.split("://")[1:]:
        authority = rest
        for end in "/?#":
            authority = authority.partition(end)[0]
        user, at, _ = authority.rpartition("@")
        if at and (user.partition(":")[2] or _is_token(user)):
            return True
        host, colon, port = authority.partition(":")
        if colon and host and not at and not port.isdigit() and "@" in rest:  # a password with a slash in it
            return True
        if any(_is_random(step) for step in rest.partition("?")[0].split("/")[1:]):
            return True
    return False


def _has_secret_setting(text: str) -> bool:
    """Whether something is set to a value, as in ``user=me;password=...``, under a name that sounds secret."""
    for end in ";,&?{}()\n":
        text = text.replace(end, " ; ")
    for setting in text.split(" ; "):
        name, _, value = setting.partition("=")
        words = name.split()
        if words and value.strip() and _is_secret_setting(words[-1].strip(_AROUND + "-$.:")):
            return True
        name, _, value = setting.partition(":")
        if value.strip() and not value.startswith("//"):
            folded = name.strip().strip(_AROUND).casefold()
            if folded.rpartition(" ")[2].strip(_AROUND) in _HEADERS or (
                " " not in folded and _is_secret_setting(folded)
            ):
                return True
        for word in setting.split():  # several in a row, apart by blanks only
            name, _, value = word.partition("=")
            if value and _is_secret_setting(name.strip(_AROUND + "-$.:")):
                return True
    return False


def _is_secret_setting(name: str) -> bool:
    folded = name.casefold()
    if folded in _PARAMETERS:
        return True
    return folded not in _ORDINARY and not folded.endswith(("tokens", "keys")) and sounds_secret(name)


def _is_token(word: str) -> bool:
    if len(word) < _SHORTEST_TOKEN:
        return False
    if word.startswith(_BEGINNINGS) and _BASE64.issuperset(word):
        return any(character.isdigit() for character in word) or word.startswith(("AKIA", "ASIA"))
    if word.startswith("eyJ") and word.count(".") >= 1 and _BASE64.issuperset(word):  # a JSON Web Token
        return True
    return _is_random(word.rpartition("=")[2] or word if word.count("=") == 1 and word[-1] != "=" else word)


def _is_random(word: str) -> bool:
    """Whether a word is long, and looks as if chance had chosen every letter."""
    if len(word) < _SHORTEST_RANDOM or not _BASE64.issuperset(word) or word[0] in "/.~":
        return False
    kind, colon, _ = word.partition(":")
    if colon and kind.casefold() in _DIGESTS:
        return False
    if _HEXADECIMAL.issuperset(word):
        return len(word) >= 32 and len(word) != _COMMIT and not word.isdigit()
    if _is_uuid(word) or "." in word[-6:-1]:  # the name of a file
        return False
    letters = "".join(character for character in word if character.isalnum())
    if len(letters) < _SHORTEST_RANDOM:
        return False
    has_digit, has_upper, has_lower = (any(map(kind, letters)) for kind in (str.isdigit, str.isupper, str.islower))
    if len(word) == 40 and has_digit and has_upper and has_lower and not {"_", "-", "."}.intersection(word):
        return True  # the secret of a key for AWS
    if has_digit + has_upper + has_lower < 2:
        return False
    run, vowels = len(letters) / _runs(letters), _part_of_vowels(letters)
    if _longest_piece(word) >= _PIECE:
        return run <= _RUN_IN_PIECE or (run <= _RUN_IN_PIECE_WITH_FEW_VOWELS and vowels <= _FEW_VOWELS_IN_PIECE)
    if len(word) - len(letters) > 2:
        return False
    return has_upper and has_lower and (run <= _RUN or (run <= _RUN_WITH_FEW_VOWELS and vowels <= _FEW_VOWELS))


def _longest_piece(word: str) -> int:
    """The length of the longest piece that has letters and digits, or two kinds of letters, between signs."""
    pieces = "".join(letter if letter.isalnum() else " " for letter in word).split()
    mixed = [len(piece) for piece in pieces if _runs(piece) > 2]
    return max(mixed, default=0)


def _part_of_vowels(letters: str) -> float:
    folded = [letter for letter in letters.casefold() if letter.isalpha()]
    return sum(letter in "aeiouy" for letter in folded) / max(1, len(folded))


def _is_uuid(word: str) -> bool:
    pieces = word.split("-")
    return [len(piece) for piece in pieces] == [8, 4, 4, 4, 12] and _HEXADECIMAL.issuperset("".join(pieces))


def _runs(letters: str) -> int:
    """How many words and numbers a name is made of, as in ``Train2024Batch`` three."""
    runs = 0
    before = ""
    for letter in letters:
        kind = "0" if letter.isdigit() else "A" if letter.isupper() else "a"
        runs += kind != before and (before, kind) != ("A", "a")
        before = kind
    return runs


_LONGEST = 80
DOTS = "..."
_WIDEST_INT = 200
# Types of the standard library that say in a few words what they are; nothing of the user's runs.
_READABLE = {
    "builtins.range", "builtins.slice", "datetime.date", "datetime.datetime", "datetime.time", "datetime.timedelta",
    "decimal.Decimal", "fractions.Fraction", "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib._local.PosixPath",
    "pathlib._local.PurePosixPath", "re.Pattern", "uuid.UUID",
}  # fmt: skip
ARRAY_LIBRARIES = {"numpy", "pandas", "polars", "torch"}


def is_short(value: object) -> bool:
    """Whether a value is a number, a bool, None or a short text that holds no secret, which may be shown as it is."""
    kind = type(value)
    if kind is int:
        return value.bit_length() <= _WIDEST_INT  # type: ignore[attr-defined, no-any-return]
    if kind is str:
        return len(value) <= _LONGEST and not looks_secret(value)  # type: ignore[arg-type]
    return kind is float or kind is bool or value is None or kind is complex


def short_value(name: str, value: object) -> str:
    """Write a value in short, and dots where its name sounds like a secret, or it looks like one itself."""
    return DOTS if sounds_secret(name) else shorten(value)


def shorten(value: object) -> str:
    """Write a value in short; only its type where it is not short. No method of the value's own is called."""
    if is_short(value):
        return repr(value)
    kind = type(value)
    if kind is str and len(value) <= _LONGEST:  # type: ignore[arg-type]
        return DOTS
    if standard_name(kind) in _READABLE:
        shown = next((form for form in (repr(value), f"<{kind.__qualname__} {value}>") if len(form) <= _LONGEST), "")
        return shown if shown and not looks_secret(shown) else f"<{kind.__qualname__}>"
    if kind is FunctionType or kind is BuiltinFunctionType or is_class(value) or is_loaded_module(value):
        module = "" if is_loaded_module(value) else f"{getattr(value, '__module__', '')}.".removeprefix("builtins.")
        word = "class" if is_class(value) else "module" if is_loaded_module(value) else "function"
        return f"<{word} {module}{getattr(value, '__qualname__', None) or getattr(value, '__name__', '')}>"
    if standard_name(type(kind)) in ("enum.EnumType", "enum.EnumMeta"):
        name = object.__getattribute__(value, "__dict__").get("_name_")
        return f"{kind.__qualname__}.{name}" if type(name) is str else f"<{kind.__qualname__}>"
    if str(kind.__module__).partition(".")[0] == "pandas" and kind.__name__ in ("Timestamp", "Timedelta"):
        return repr(value)
    if kind in (str, bytes, list, tuple, dict, set, frozenset):
        return f"<{kind.__name__} of {len(value)}>"  # type: ignore[arg-type]
    shape = getattr(value, "shape", None) if str(kind.__module__).partition(".")[0] in ARRAY_LIBRARIES else None
    if shape == () and kind.__module__ == "numpy" and len(shown := repr(value)) <= _LONGEST:
        return shown
    return (
        f"<{kind.__qualname__} {'x'.join(map(str, shape))}>" if isinstance(shape, tuple) else f"<{kind.__qualname__}>"
    )
