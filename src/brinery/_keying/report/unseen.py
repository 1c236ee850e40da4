"""What a key cannot see: files, the network, the clock and the like, by name and place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dis import hasjabs, hasjrel, stack_effect
from opcode import opmap, opname
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType

from ..._light import NamedTuple, suppress
from ..code.fingerprint import Fingerprint
from ..code.home import home_of_function
from ..modules.origin import origin_of_module
from ..source.bytecode import Aliases, Site, sites
from ..source.compiled import nested_codes
from ..source.instructions import CONSTANTS, Instruction, UnknownInstructionError, instructions_of, lines_of
from ..source.reads import Read
from ..values.generators import global_generator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_BY_KIND = {
    "file": (
        "builtins.open io.open io.FileIO codecs.open tokenize.open linecache.getline linecache.getlines "
        "fileinput.input os.open os.listdir os.scandir os.walk os.fwalk os.stat os.lstat os.access os.readlink "
        "os.path.exists os.path.lexists os.path.isfile os.path.isdir os.path.islink os.path.getsize os.path.getmtime "
        "os.path.getatime os.path.getctime os.path.samefile os.path.realpath glob.glob glob.iglob shutil.disk_usage "
        "shutil.which zipfile.ZipFile tarfile.open tarfile.TarFile gzip.open bz2.open lzma.open mmap.mmap wave.open "
        "shelve.open dbm.open pkgutil.get_data importlib.resources.files importlib.resources.open_text "
        "importlib.resources.read_text importlib.resources.read_binary numpy.memmap h5py.File"
    ),
    "database": (
        "sqlite3.connect sqlalchemy.create_engine sqlalchemy.ext.asyncio.create_async_engine psycopg.connect "
        "psycopg2.connect pymysql.connect mysql.connector.connect duckdb.connect duckdb.sql duckdb.query "
        "pymongo.MongoClient redis.Redis redis.from_url oracledb.connect pyodbc.connect asyncpg.connect"
    ),
    "clock": (
        "time.time time.time_ns time.monotonic time.monotonic_ns time.perf_counter time.perf_counter_ns "
        "time.process_time time.process_time_ns time.thread_time time.thread_time_ns time.clock_gettime "
        "time.clock_gettime_ns datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today "
        "datetime.date.today pandas.Timestamp.now pandas.Timestamp.utcnow pandas.Timestamp.today arrow.now "
        "arrow.utcnow pendulum.now pendulum.today"
    ),
    "randomness": (
        "os.urandom os.getrandom uuid.uuid1 uuid.uuid4 random.SystemRandom torch.rand torch.randn torch.randint "
        "torch.randperm torch.rand_like torch.randn_like torch.normal torch.bernoulli torch.multinomial"
    ),
    "environment": (
        "os.environ os.environb os.getenv os.getenvb os.getcwd os.getcwdb os.getpid os.getlogin os.uname os.cpu_count "
        "os.getloadavg os.path.expanduser os.path.expandvars pathlib.Path.cwd pathlib.Path.home sys.argv platform.node "
        "platform.uname platform.platform platform.system platform.machine platform.processor getpass.getuser "
        "socket.gethostname locale.getlocale locale.getdefaultlocale locale.localeconv locale.getpreferredencoding "
        "locale.setlocale locale.format_string locale.currency locale.str locale.atof locale.atoi locale.delocalize "
        "locale.localize locale.strcoll locale.strxfrm warnings.warn warnings.warn_explicit warnings.filters "
        "warnings.catch_warnings tempfile.gettempdir multiprocessing.cpu_count"
    ),
    "process": (
        "subprocess.run subprocess.Popen subprocess.call subprocess.check_call subprocess.check_output "
        "subprocess.getoutput subprocess.getstatusoutput os.system os.popen os.posix_spawn os.posix_spawnp "
        "asyncio.create_subprocess_exec asyncio.create_subprocess_shell pty.spawn"
    ),
    "input": "builtins.input sys.stdin getpass.getpass select.select",
    "code": "builtins.eval builtins.exec runpy.run_path runpy.run_module",
    "attribute": "builtins.getattr builtins.hasattr operator.attrgetter operator.methodcaller",
    "import": (
        "importlib.import_module builtins.__import__ importlib.__import__ sys.modules "
        "importlib.util.spec_from_file_location importlib.metadata.entry_points pkgutil.iter_modules "
        "pkgutil.walk_packages"
    ),
    "namespace": "builtins.globals builtins.locals builtins.vars sys._getframe inspect.currentframe inspect.stack",
}
KINDS: dict[str, str] = {name: kind for kind, names in _BY_KIND.items() for name in names.split()}

# What draws from outside only where it is called without arguments.
WITHOUT_ARGUMENTS = {
    "builtins.vars": "namespace",
    "time.localtime": "clock",
    "time.gmtime": "clock",
    "time.ctime": "clock",
    "time.asctime": "clock",
    "random.Random": "randomness",
    "numpy.random.default_rng": "randomness",
    "numpy.random.RandomState": "randomness",
    "numpy.random.SeedSequence": "randomness",
    "numpy.random.PCG64": "randomness",
    "numpy.random.MT19937": "randomness",
}
del KINDS["builtins.vars"]

# Modules of which nearly everything that can be called does what their kind says.
_ROOMS = {
    "network": (
        "socket urllib.request http.client ftplib smtplib imaplib poplib nntplib telnetlib xmlrpc.client "
        "asyncio.streams requests httpx aiohttp urllib3 websocket websockets grpc boto3 botocore paramiko fsspec "
        "s3fs gcsfs"
    ),
    "randomness": "secrets",
}
ROOMS: dict[str, str] = {name: kind for kind, names in _ROOMS.items() for name in names.split()}

# Of installed packages, functions that go by such names read files.
READERS = ("read_", "scan_", "open_")
READING = frozenset({"fromfile", "genfromtxt", "imread", "load", "loadmat", "loadtxt", "open", "read"})

# Methods of something that is not known before the code runs, by names that say enough.
METHODS = {
    **dict.fromkeys(
        (
            "exists", "is_dir", "is_file", "is_symlink", "iterdir", "lstat", "open", "read_bytes", "read_text", "rglob",
            "readlink", "samefile",
        ),
        "file",
    ),
    **dict.fromkeys(("now", "utcnow"), "clock"),
}  # fmt: skip

# What makes the global state of a generator of random numbers known.
SEEDS = {"random.seed": "random.", "numpy.random.seed": "numpy.random.", "torch.manual_seed": "torch."}
# What of these modules draws no number.
DRAWING_NOTHING = frozenset({"seed", "getstate", "setstate", "get_state", "set_state", "get_bit_generator"})


_UNKNOWN = object()
_CALLS = {"CALL", "PRECALL"}
_JUMPS = {opname[number] for number in {*hasjabs, *hasjrel} if number < len(opname)}


class Unseen(NamedTuple):
    """One place where code takes something from outside that no key covers.

    Attributes:
        kind: "file", "network", "database", "clock", "randomness", "environment", "process", "input", "code" (made of
            text), "attribute" and "import" (by a computed name) or "namespace".
        what: as the code writes it, such as ``np.random.rand``; a method of something unknown begins with a dot.
        function: the home name of the function in which it stands.
        module: that function's home module.
        line: in the module's file.
    """

    kind: str
    what: str
    function: str
    module: str
    line: int


def unseen_by(code: Fingerprint) -> list[Unseen]:
    """List what the code that a function reaches takes from outside, its own first, and each by line."""
    found: list[tuple[str, Unseen]] = []
    seeded: set[str] = set()
    identities = _identities()
    ours = {name for thing in code.reached.values() if isinstance(thing, type) for name in vars(thing)}
    for part, thing in list(code.reached.items()):
        if isinstance(thing, type):
            continue
        module = home = part.partition(" ")[2]
        if isinstance(thing, str):
            scanned = _scan_file(thing, identities)
        else:
            module = home_of_function(thing)
            scanned = _scan(thing.__code__, _Names(thing, identities), {})
        there = {}
        for kind, name, what, where, line in scanned:
            if kind == "seed":
                seeded.add(name)
            elif what[0] != "." or what[1:] not in ours:
                function = f"{module}.{where}" if where and isinstance(thing, str) else home
                there[Unseen(kind, what, function, module, line)] = name
        found += [(name, item) for item, name in sorted(there.items(), key=lambda one: one[0].line)]
    return list(dict.fromkeys(item for name, item in found if not (seeded and name.startswith(tuple(seeded)))))


# A kind, a dotted name, what the code writes, the name of the outermost function, a line.
_Found = tuple[str, str, str, str, int]


class _Names:
    """What the names mean that a function reads."""

    def __init__(self, function: FunctionType | None, identities: dict[int, str]) -> None:
        self._identities = identities
        self.imported: Aliases = {}  # of a file that is not loaded: what it imports at its top
        self._space = {} if function is None else function.__globals__
        builtins = self._space.get("__builtins__", sys.modules["builtins"])
        self._builtins: dict[str, Any] = builtins if isinstance(builtins, dict) else vars(builtins)
        self._cells = {}
        if function is not None:
            self._cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))

    def find(self, read: Read) -> tuple[str, object]:
        """Return the dotted name of what is read and, where it is there already, the object."""
        first, *rest = read.chain
        if read.kind == "global" and first in self.imported:
            read = self.imported[first][-1]
            return self.find(read._replace(chain=(*read.chain, *rest)))
        if read.kind == "import":
            return self._find_imported(read)
        if read.kind == "cell":
            try:
                root: object = self._cells[first].cell_contents
            except (KeyError, ValueError):
                return "", _UNKNOWN
        else:
            root = self._space.get(first, self._builtins.get(first, _UNKNOWN))
        return _go_down(_name_of(root), root, rest, self._identities)

    def constant(self, name: str) -> object:
        return self._space.get(name)

    def _find_imported(self, read: Read) -> tuple[str, object]:
        if read.level:
            return "", _UNKNOWN
        name, *rest = read.chain
        while rest and f"{name}.{rest[0]}" in sys.modules:
            name, rest = f"{name}.{rest[0]}", rest[1:]
        return _go_down(name, sys.modules.get(name, _UNKNOWN), rest, self._identities)


def _go_down(name: str, value: object, rest: list[str], identities: dict[int, str]) -> tuple[str, object]:
    for step in rest:
        name = identities.get(id(value), name)
        inside = _inside(value, step)
        if inside is _UNKNOWN and not isinstance(value, (ModuleType, type)) and value is not _UNKNOWN:
            # An attribute of an instance: by the class that has it, as what it is named there.
            owner = next((base for base in type(value).__mro__ if step in vars(base)), None)
            name = name if id(value) in identities else _name_of(owner)
        name = f"{name}.{step}" if name else ""
        value = inside
        if isinstance(value, ModuleType):
            name = value.__name__
    return identities.get(id(value), name), value


def _inside(value: object, step: str) -> object:
    if isinstance(value, ModuleType):
        return vars(value).get(step, _UNKNOWN)
    if isinstance(value, type):
        return next((vars(base)[step] for base in value.__mro__ if step in vars(base)), _UNKNOWN)
    return _UNKNOWN


def _name_of(value: object) -> str:
    """Return a name by which an object is found, going by what it says of itself."""
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, (BuiltinFunctionType, MethodType)) and value.__self__ is not None:
        drawing = global_generator(value.__self__)
        if drawing:
            return drawing + value.__name__
    if isinstance(value, (FunctionType, BuiltinFunctionType, type)):
        return f"{value.__module__ or 'builtins'}.{value.__qualname__}"
    return ""


def _identities() -> dict[int, str]:
    """Find the objects that are meant by names, as far as they are loaded."""
    found = {}
    for name in (*KINDS, *WITHOUT_ARGUMENTS):
        parts = name.split(".")
        for count in range(len(parts) - 1, 0, -1):
            module = sys.modules.get(".".join(parts[:count]))
            if module is not None:
                value = _go_down("", module, parts[count:], {})[1]
                if value is not _UNKNOWN and value is not None:
                    found[id(value)] = name
                break
    return found


def _scan_file(filename: str, identities: dict[int, str]) -> Iterator[_Found]:
    """Look at a file that is imported when code runs and is not loaded yet."""
    try:
        with open(filename, "rb") as handle:
            code = compile(handle.read(), filename, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    names = _Names(None, identities)
    with suppress(UnknownInstructionError):
        sites(code, instructions_of(code), names.imported)
    yield from _scan(code, names, {})


def _scan(code: CodeType, names: _Names, aliases: Aliases) -> Iterator[_Found]:
    aliases = dict(aliases)
    try:
        instructions = instructions_of(code)
    except UnknownInstructionError:
        return
    lines = lines_of(code, instructions)
    where = "" if code.co_name == "<module>" else code.co_qualname.partition(".<locals>")[0]
    known: set[int] = set()
    for site in sites(code, instructions, aliases):
        known.update(range(site.start, site.end))
        if site.end == site.start or site.read.kind == "named":
            continue  # the import statement itself; a name that a constant gives
        name, value = names.find(site.read)
        kind = _kind_of(name, value)
        if kind == "seed":
            kind = "" if _has_no_arguments(instructions, site.end) else kind
            name = SEEDS[name]
        elif name in WITHOUT_ARGUMENTS:
            kind = WITHOUT_ARGUMENTS[name] if _has_no_arguments(instructions, site.end) else ""
        elif kind in ("attribute", "import") and _is_by_literal(instructions, site, name, names):
            kind = ""
        if kind:
            yield kind, name, ".".join(site.read.chain), where, lines[site.start]
    for index, step in enumerate(instructions):
        if step.takes_method and index not in known and step.value in METHODS:
            yield METHODS[str(step.value)], "", f".{step.value}", where, lines[index]
    for nested in nested_codes(code):
        yield from _scan(nested, names, aliases)


def _kind_of(name: str, value: object) -> str:
    """Say what kind of thing a dotted name takes from outside, "" if none that is known."""
    if not name:
        return ""
    if name in SEEDS:
        return "seed"
    parts = name.split(".")
    last = parts[-1]
    for count in range(len(parts), 1, -1):
        kind = KINDS.get(".".join(parts[:count]))
        if kind is not None:
            return kind
    if name.startswith(("random.", "numpy.random.")) and len(parts) == 2 + (parts[0] == "numpy"):
        return "randomness" if last.islower() and last not in DRAWING_NOTHING else ""
    if parts[0] == "pathlib":
        return METHODS.get(last, "file" if last in ("glob", "stat") else "")
    if value is not _UNKNOWN and (not callable(value) or _is_exception(value)):
        return ""
    for count in range(len(parts) - 1, 0, -1):
        kind = ROOMS.get(".".join(parts[:count]))
        if kind is not None:
            return kind
    if (last.startswith(READERS) or last in READING) and origin_of_module(parts[0]).kind == "installed":
        return "file"
    return ""


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _after_nulls(instructions: list[Instruction], index: int) -> int:
    while index < len(instructions) and instructions[index].name == "PUSH_NULL":
        index += 1
    return index


def _has_no_arguments(instructions: list[Instruction], index: int) -> bool:
    index = _after_nulls(instructions, index)
    return index < len(instructions) and instructions[index].name in _CALLS and instructions[index].arg == 0


def _is_by_literal(instructions: list[Instruction], site: Site, name: str, names: _Names) -> bool:
    """Whether the name of what is looked up stands in the code, or in a global: then it is followed."""
    index = _after_nulls(instructions, site.end)
    if name in ("builtins.getattr", "builtins.hasattr"):
        index = _second_argument(instructions, index)
    if not 0 <= index < len(instructions):
        return False
    step = instructions[index]
    if step.name == "LOAD_GLOBAL" and KINDS.get(name) == "import":
        return type(names.constant(str(step.value))) is str
    return step.name in CONSTANTS and type(step.value) is str


def _second_argument(instructions: list[Instruction], index: int) -> int:
    """Find the instruction that is the second argument of a call, if it is one instruction; else -1."""
    depth = 0
    for end in range(index, len(instructions)):
        step = instructions[end]
        if step.name in _CALLS and step.arg == depth:
            break
        if step.name in _JUMPS:
            return -1  # the call may stand there more than once
        depth += _effect(step)
    else:
        return -1
    if depth == 2:
        return end - 1
    if depth != 3:
        return -1
    third = 0
    for begin in range(end - 1, index, -1):
        third += _effect(instructions[begin])
        if third == 1:
            return begin - 1
    return -1


def _effect(step: Instruction) -> int:
    number = opmap[step.name]
    try:
        return stack_effect(number, step.arg, jump=False)
    except ValueError:
        return stack_effect(number, None, jump=False)
