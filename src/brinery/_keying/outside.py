"""What gives code something that no key covers: files, the network, the clock and their like, by name.

A name stands for the object that is found under it, however code comes by it: ``from time import time`` as well.
"""

from __future__ import annotations

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
