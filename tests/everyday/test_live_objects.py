"""Programs whose functions reach live objects of libraries: clients, engines, loggers, pools, registries."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from everyday.program import Program, cases, check, needed
from freshness.edit import Edit, write_files
from freshness.many_processes import Nursery

from brinery import Cache, OptionError, UnkeyableError, register_handle

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off


def _program(what: str, needs: str, set_up: str, body: str) -> Program:
    """A program with something at module level, and a function that uses it."""
    program = Program(what, f"{set_up}\n@cache\ndef f(x):\n    {body}\n", tuple(needs.split()))
    # What SQLAlchemy fills in its mapped classes is compared once, beside the many questions of its models.
    return program._replace(hit_steps=800) if set_up is _ORM else program


_API = "import requests\nclass Api:\n    def __init__(self, url):\n        self.url = url\n        self.session = requests.Session()\n    def get(self, x): return f'{self.url}/{x}'\n"
_ORM = """
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
class Base(DeclarativeBase): pass
class User(Base):
    __tablename__ = 'users'
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
E = sa.create_engine('sqlite://')
Base.metadata.create_all(E)
with Session(E) as session:
    session.add(User(id=1, name='a'))
    session.commit()
"""
PROGRAMS = [
    _program("a requests session", "requests", "import requests\nS = requests.Session()\nS.headers['x'] = '1'", "return x + len(S.prepare_request(requests.Request('GET', 'http://a/')).url)"),
    _program("a requests session that keeps cookies", "requests", "import requests\nS = requests.Session()", "S.cookies.set('seen', str(x)); return x"),
    _program("an httpx client", "httpx", "import httpx\nC = httpx.Client(base_url='http://a', timeout=3)", "return str(C.build_request('GET', '/a').url) * x"),
    _program("an asynchronous httpx client", "httpx", "import httpx\nC = httpx.AsyncClient(base_url='http://a')", "return str(C.build_request('GET', '/a').url) * x"),
    _program("an httpx client with hooks", "httpx", "import httpx\ndef log(request): pass\nC = httpx.Client(event_hooks={'request': [log]})", "return len(C.event_hooks['request']) + x"),
    _program("a urllib3 pool", "urllib3", "import urllib3\nC = urllib3.PoolManager(4)", "return C.connection_from_host('a').port + x"),
    _program("an aiohttp session", "aiohttp", "import aiohttp, asyncio\nasync def make(): return aiohttp.ClientSession()\nL = asyncio.new_event_loop()\nC = L.run_until_complete(make())", "return len(C.headers) + x"),
    _program("an openai client", "openai", "import openai\nC = openai.OpenAI(api_key='k', base_url='http://a')", "return str(C.chat.completions._client.base_url) * x"),
    _program("an anthropic client", "anthropic", "import anthropic\nC = anthropic.Anthropic(api_key='k')", "C.messages; return x + 1"),
    _program("a boto3 client", "boto3", "import boto3\nC = boto3.client('s3', region_name='eu-west-1', aws_access_key_id='a', aws_secret_access_key='b')", "return C.meta.region_name * x"),
    _program("a boto3 resource", "boto3", "import boto3\nB = boto3.resource('s3', region_name='eu-west-1', aws_access_key_id='a', aws_secret_access_key='b').Bucket('b')", "return B.name * x"),
    _program("a boto3 session", "boto3", "import boto3\nS = boto3.Session(region_name='eu-west-1')", "return S.region_name * x"),
    _program("a redis client", "redis", "import redis\nC = redis.Redis(host='localhost', port=1)", "return C.connection_pool.connection_kwargs['port'] + x"),
    _program("an asynchronous redis client", "redis", "import redis.asyncio as redis\nC = redis.Redis(host='localhost', port=1)", "return C.connection_pool.connection_kwargs['port'] + x"),
    _program("a collection of pymongo", "pymongo", "import pymongo\nC = pymongo.MongoClient('mongodb://localhost:1', connect=False)['db']['coll']", "return C.name * x"),
    _program("a connection of duckdb", "duckdb", "import duckdb\nC = duckdb.connect()", "return C.execute('select 1').fetchone()[0] + x"),
    _program("a relation of duckdb", "duckdb", "import duckdb\nR = duckdb.sql('select 1 as a')", "return len(R.fetchall()) + x"),
    _program("a connection of sqlite3", "", "import sqlite3\nC = sqlite3.connect(':memory:')", "return C.execute('select 1').fetchone()[0] + x"),
    _program("an engine of SQLAlchemy", "sqlalchemy", "import sqlalchemy as sa\nE = sa.create_engine('sqlite://')", "\n    with E.connect() as c: return c.execute(sa.text('select 1')).scalar() + x"),
    _program("a session of SQLAlchemy", "sqlalchemy", "import sqlalchemy as sa\nfrom sqlalchemy.orm import sessionmaker\nE = sa.create_engine('sqlite://')\nMake = sessionmaker(E)\nS = Make()", "return S.execute(sa.text('select 1')).scalar() + x"),
    _program("a table of SQLAlchemy", "sqlalchemy", "import sqlalchemy as sa\nE = sa.create_engine('sqlite://')\nM = sa.MetaData()\nT = sa.Table('t', M, sa.Column('a', sa.Integer))\nM.create_all(E)", "\n    with E.connect() as c: return len(c.execute(sa.select(T)).all()) + x"),
    _program("classes that SQLAlchemy maps", "sqlalchemy", _ORM, "\n    with Session(E) as session: return session.scalars(sa.select(User)).first().name * x"),
    _program("a database of peewee", "peewee", "import peewee\nD = peewee.SqliteDatabase(':memory:')", "return D.execute_sql('select 1').fetchone()[0] + x"),
    _program("a cache of diskcache", "diskcache", "import diskcache\nD = diskcache.Cache('kept')", "D['seen'] = x; return x"),
    _program("a logger with a handler", "", "import logging\nlog = logging.getLogger('a.b')\nlog.addHandler(logging.NullHandler())", "log.warning('a'); return x"),
    _program("a logger of structlog", "structlog", "import structlog\nlog = structlog.get_logger()", "log.info('a'); return x"),
    _program("a bound logger of structlog", "structlog", "import structlog\nlog = structlog.get_logger().bind(a=1)", "log.info('a'); return x"),
    _program("loguru's logger", "loguru", "from loguru import logger\nlogger.remove()\nlogger.add(lambda message: None)", "logger.info('a'); return x"),
    _program("a console of rich", "rich", "from rich.console import Console\nC = Console(quiet=True)", "C.print('a'); return x"),
    _program("a progress bar of rich", "rich", "from rich.progress import Progress\nP = Progress(disable=True)", "P.add_task('a'); return x"),
    _program("a bar of tqdm", "tqdm", "import tqdm\nB = tqdm.tqdm(total=10)", "B.update(1); return x"),
    _program("metrics of Prometheus", "prometheus_client", "import prometheus_client as p\nC = p.Counter('a', 'b')\nH = p.Histogram('c', 'd', ['l'])", "C.inc(); H.labels('z').observe(1); return x"),
    _program("a statsd client", "statsd", "import statsd\nC = statsd.StatsClient()", "C.incr('a'); return x"),
    _program("a tracer of OpenTelemetry", "opentelemetry.sdk", "from opentelemetry import trace\nfrom opentelemetry.sdk.trace import TracerProvider\ntrace.set_tracer_provider(TracerProvider())\nT = trace.get_tracer('a')", "\n    with T.start_as_current_span('a'): return x"),
    _program("an environment of jinja2", "jinja2", "import jinja2\ndef up(s): return s.upper()\nE = jinja2.Environment()\nE.filters['up'] = up", "return E.from_string('{{ a|up }}').render(a='b') * x"),
    _program("a template of jinja2", "jinja2", "import jinja2\nT = jinja2.Template('{{ a }}')", "return T.render(a='b') * x"),
    _program("a unit registry of pint", "pint", "import pint\nU = pint.UnitRegistry()", "return (x * U.meter).to('km').magnitude"),
    _program("a pool of threads", "", "from concurrent.futures import ThreadPoolExecutor\nE = ThreadPoolExecutor(2)", "return sum(E.map(abs, [x]))"),
    _program("a lock", "", "import threading\nL = threading.Lock()", "\n    with L: return x"),
    _program("thread-local data of a class", "", "import threading\nclass Local(threading.local):\n    a = 1\nL = Local()", "return x + L.a"),
    _program("a queue", "", "import queue\nQ = queue.Queue()", "Q.put(1); return x"),
    _program("an event loop", "", "import asyncio\nL = asyncio.new_event_loop()\nasync def g(x): return x", "return L.run_until_complete(g(x))"),
    _program("a semaphore of asyncio", "", "import asyncio\nS = asyncio.Semaphore(3)", "return x + S._value"),
    _program("an observer of watchdog", "watchdog", "from watchdog.observers import Observer\nO = Observer()", "return x + O.daemon"),
    _program("a retrying object of tenacity", "tenacity", "import tenacity\nR = tenacity.Retrying(stop=tenacity.stop_after_attempt(3))\ndef g(x): return x", "return R(g, x)"),
    _program("a helper that tenacity retries", "tenacity", "import tenacity\n@tenacity.retry(stop=tenacity.stop_after_attempt(3))\ndef g(x): return x", "return g(x)"),
    _program("a cache of cachetools with a lock", "cachetools", "import cachetools, threading\nC = cachetools.TTLCache(10, 100)\n@cachetools.cached(C, lock=threading.Lock())\ndef g(x): return x", "return g(x)"),
    _program("a faker", "faker", "from faker import Faker\nF = Faker()", "F.name(); return x"),
    _program("an app of celery", "celery", "import celery\nA = celery.Celery('a', broker='memory://')", "return A.conf.broker_url * x"),
    _program("an in-memory file system", "fsspec", "import fsspec\nFS = fsspec.filesystem('memory')", "return len(FS.ls('/')) + x"),
    _program("a pipeline of spaCy", "spacy", "import spacy\nN = spacy.blank('en')\nN.add_pipe('sentencizer')", "return len(N('a b. c d.')) + x"),
    _program("an object of the user's that holds a session", "requests", f"{_API}A = Api('u')", "return A.get(x)"),
    _program("clients in a dict", "httpx", "import httpx\nC = {'a': httpx.Client(base_url='http://a'), 'b': httpx.Client()}", "return str(C['a'].base_url) * x"),
    _program("a client on a class", "httpx", "import httpx\nclass Api:\n    client = httpx.Client(base_url='http://a')\n    @classmethod\n    def get(cls, x): return str(cls.client.base_url) * x", "return Api.get(x)"),
    _program("a client as a default", "httpx", "import httpx\ndef g(x, client=httpx.Client(base_url='http://a')): return str(client.base_url) * x", "return g(x)"),
    _program("a client in a closure", "httpx", "import httpx\ndef make(url):\n    client = httpx.Client(base_url=url)\n    return lambda x: str(client.base_url) * x\ng = make('http://a')", "return g(x)"),
    _program("a user's subclass of a session", "requests", "import requests\nclass Mine(requests.Session):\n    def __init__(self, url):\n        super().__init__()\n        self.url = url\nS = Mine('u')", "S.cookies.set('seen', '1'); return S.url * x"),
    Program("a client of another module", "from clients import client\n@cache\ndef f(x): return str(client.base_url) * x\n#: clients.py\nimport httpx\nclient = httpx.Client(base_url='http://a')\n", ("httpx",)),
]


class LiveEdit(NamedTuple):
    """An edit beside a live object, and whether the stored result is found afterwards."""

    what: str
    source: str
    change: dict[str, str]
    needs: tuple[str, ...] = ()
    hit: bool = False


def _edit(what: str, source: str, change: dict[str, str], needs: str = "", *, hit: bool = False) -> LiveEdit:
    return LiveEdit(what, source, change, tuple(needs.split()), hit)


_F = "\n@cache\ndef f(x): return str(C.base_url)\n"
EDITS = [
    _edit("a literal argument of a client", "import httpx\nC = httpx.Client(base_url='http://a')" + _F, {"//a": "//b"}, "httpx"),
    _edit("a constant that a client is made with", "import httpx\nURL = 'http://a'\nC = httpx.Client(base_url=URL)" + _F, {"//a": "//b"}, "httpx"),
    _edit("a constant of two values that a client is made with", "import httpx\nif True: URL = 'http://a'\nelse: URL = 'http://c'\nC = httpx.Client(base_url=URL)" + _F, {"//a": "//b"}, "httpx"),
    _edit("a table that a client is made with", "import httpx\nSETTINGS = {'base_url': 'http://a'}\nC = httpx.Client(**SETTINGS)" + _F, {"//a": "//b"}, "httpx"),
    _edit("what makes a client", "import httpx\ndef make(): return httpx.Client(base_url='http://a')\nC = make()" + _F, {"//a": "//b"}, "httpx"),
    _edit("a client in a branch", "import httpx\ntry:\n    C = httpx.Client(base_url='http://a')\nexcept ImportError:\n    C = None" + _F, {"//a": "//b"}, "httpx"),
    _edit("an attribute that is set on a client", "import httpx\nC = httpx.Client()\nC.base_url = 'http://a'" + _F, {"//a": "//b"}, "httpx"),
    _edit("a header that is set on a client", "import httpx\nC = httpx.Client()\nC.headers['x'] = 'a'\n@cache\ndef f(x): return C.headers['x']\n", {"= 'a'": "= 'b'"}, "httpx"),
    _edit("headers that a client is updated with", "import httpx\nC = httpx.Client()\nH = {'x': 'a'}\nC.headers.update(H)\n@cache\ndef f(x): return C.headers['x']\n", {"'a'": "'b'"}, "httpx"),
    _edit("a function that sets a client up", "import httpx\nC = httpx.Client()\ndef set_up(client): client.base_url = 'http://a'\nset_up(C)" + _F, {"//a": "//b"}, "httpx"),
    _edit("a client as a default that changes", "import httpx\ndef g(x, c=httpx.Client(base_url='http://a')): return str(c.base_url)\n@cache\ndef f(x): return g(x)\n", {"//a": "//b"}, "httpx"),
    _edit("a client as a class attribute that changes", "import httpx\nclass Api:\n    c = httpx.Client(base_url='http://a')\n@cache\ndef f(x): return str(Api.c.base_url)\n", {"//a": "//b"}, "httpx"),
    _edit("what a closure's client is made with", "import httpx\ndef make(url):\n    c = httpx.Client(base_url=url)\n    return lambda x: str(c.base_url)\ng = make('http://a')\n@cache\ndef f(x): return g(x)\n", {"//a": "//b"}, "httpx"),
    _edit("one client of a dict", "import httpx\nC = {'a': httpx.Client(base_url='http://a')}\n@cache\ndef f(x): return str(C['a'].base_url)\n", {"//a": "//b"}, "httpx"),
    _edit("a client that another module makes", "from clients import C" + _F + "#: clients.py\nimport httpx\nC = httpx.Client(base_url='http://a')\n", {"//a": "//b"}, "httpx"),
    _edit("a client that another module imports from a third", "from clients import C" + _F + "#: clients.py\nfrom made import *\n#: made.py\nimport httpx\nC = httpx.Client(base_url='http://a')\n", {"//a": "//b"}, "httpx"),
    _edit("a field of the user's object beside its session", _API + "A = Api('u')\n@cache\ndef f(x): return A.get(x)\n", {"Api('u')": "Api('v')"}, "requests"),
    _edit("a field of a user's subclass of a session", "import requests\nclass Mine(requests.Session):\n    def __init__(self, url):\n        super().__init__()\n        self.url = url\nURL = 'u'\nS = Mine(URL)\n@cache\ndef f(x): return S.url\n", {"'u'": "'v'"}, "requests"),
    _edit("a method of a user's subclass of a session", "import requests\nclass Mine(requests.Session):\n    def ask(self): return 'a'\nS = Mine()\n@cache\ndef f(x): return S.ask()\n", {"'a'": "'b'"}, "requests"),
    _edit("a hook of a client", "import httpx\ndef hook(request): return 'a'\nC = httpx.Client(event_hooks={'request': [hook]})\n@cache\ndef f(x): return C.event_hooks['request'][0](None)\n", {"'a'": "'b'"}, "httpx"),
    _edit("a filter of jinja2", "import jinja2\ndef up(s): return s + 'a'\nE = jinja2.Environment()\nE.filters['up'] = up\n@cache\ndef f(x): return E.from_string('{{ 1|string|up }}').render()\n", {"'a'": "'b'"}, "jinja2"),
    _edit("a filter that another module puts into an environment", "import filters\nfrom env import E\n@cache\ndef f(x): return E.from_string('{{ 1|string|up }}').render()\n#: env.py\nimport jinja2\nE = jinja2.Environment()\n#: filters.py\nfrom env import E\ndef up(s): return s + 'a'\nE.filters['up'] = up\n", {"'a'": "'b'"}, "jinja2"),
    _edit("the text of a template", "import jinja2\nT = jinja2.Template('a{{ x }}')\n@cache\ndef f(x): return T.render(x=x)\n", {"'a{{": "'b{{"}, "jinja2"),
    _edit("how often tenacity tries", "import tenacity\n@tenacity.retry(stop=tenacity.stop_after_attempt(2), retry_error_callback=lambda s: s.attempt_number)\ndef g(): raise ValueError\n@cache\ndef f(x): return g()\n", {"attempt(2)": "attempt(3)"}, "tenacity"),
    _edit("a callback of tenacity", "import tenacity\ndef give_up(state): return 'a'\nR = tenacity.Retrying(stop=tenacity.stop_after_attempt(1), retry_error_callback=give_up)\ndef g(): raise ValueError\n@cache\ndef f(x): return R(g)\n", {"'a'": "'b'"}, "tenacity"),
    _edit("what a database in memory is filled with", "import sqlite3\nC = sqlite3.connect(':memory:')\nC.execute('create table t (a)')\nC.execute('insert into t values (1)')\n@cache\ndef f(x): return C.execute('select a from t').fetchall()\n", {"values (1)": "values (2)"}),
    _edit("a listener of an engine", "import sqlalchemy as sa\nE = sa.create_engine('sqlite://')\n@sa.event.listens_for(E, 'before_cursor_execute', retval=True)\ndef change(c, cur, statement, p, ctx, many): return statement + ' as a', p\n@cache\ndef f(x):\n    with E.connect() as c: return list(c.execute(sa.text('select 1')).keys())\n", {"as a": "as b"}, "sqlalchemy"),
    _edit("a column of a mapped class", _ORM.replace("name: Mapped[str]", "name: Mapped[str] = mapped_column(sa.String(30))") + "@cache\ndef f(x): return User.__table__.c.name.type.length\n", {"30": "40"}, "sqlalchemy"),
    _edit("the registry that a unit is taken from", "import pint\nU = pint.UnitRegistry()\nU.define('smoot = 1.7 * meter')\n@cache\ndef f(x): return (1 * U.smoot).to('meter').magnitude\n", {"1.7": "1.8"}, "pint"),
    _edit("a helper beside a client", "import httpx\nC = httpx.Client()\ndef g(x): return 'a'\n@cache\ndef f(x): return g(x) + str(C.timeout)\n", {"'a'": "'b'"}, "httpx"),
    _edit("a constant beside a client", "import httpx\nC = httpx.Client()\nK = 1\n@cache\ndef f(x): return (K, str(C.timeout))\n", {"K = 1": "K = 2"}, "httpx"),
    _edit("a retry count of a lambda's default client", "import httpx\ng = lambda c=httpx.Client(timeout=3): c.timeout.read\n@cache\ndef f(x): return g()\n", {"timeout=3": "timeout=4"}, "httpx"),
    # These change nothing.
    _edit("the layout of what makes a client", "import httpx\nC = httpx.Client(base_url='http://a')" + _F, {"(base_url='http://a')": "(\n    base_url='http://a',  # here\n)"}, "httpx", hit=True),
    _edit("another client of the same module", "import httpx\nC = httpx.Client(base_url='http://a')\nD = httpx.Client(base_url='http://c')" + _F, {"//c": "//d"}, "httpx", hit=True),
    _edit("a call in a loop that uses a bar", "import tqdm\nB = tqdm.tqdm(total=2)\nfor i in range(2): B.update(i)\n@cache\ndef f(x): return B.total\n", {"range(2)": "range(1)"}, "tqdm", hit=True),
    _edit("the level of a logger", "import logging\nlog = logging.getLogger('a')\nlog.setLevel(10)\n@cache\ndef f(x):\n    log.debug('x')\n    return x\n", {"(10)": "(20)"}, hit=True),
]
# fmt: on


@cases(PROGRAMS)
def test_a_program_with_a_live_object_is_cached(program: Program, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """Its second run finds the result, and a hit walks through nothing, however the object has moved."""
    check(program, tmp_path, nurseries)


@needed(EDITS)
def test_what_users_give_to_a_live_object_counts(program: LiveEdit, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """An edit of what it is made or set up with recomputes; one of anything else beside it does not."""
    plain = Edit(program.what, program.source, program.change)
    write_files(tmp_path, plain.before)
    before = nurseries[0].run(tmp_path, "f(1)")
    assert before.values == before.truths
    again = nurseries[1].run(tmp_path, "f(1)")
    assert again.computed == [0], "the same program did not find its own result"
    write_files(tmp_path, plain.after)
    after = nurseries[2].run(tmp_path, "f(1)")
    assert after.values == after.truths, "an old result was returned"
    assert (after.computed == [0]) is program.hit


HANDLES = [
    ("a requests session", "requests", "import requests\nthing = requests.Session()"),
    ("an engine", "sqlalchemy", "import sqlalchemy\nthing = sqlalchemy.create_engine('sqlite://')"),
    ("a lock", "threading", "import threading\nthing = threading.Lock()"),
    ("a connection", "sqlite3", "import sqlite3\nthing = sqlite3.connect(':memory:')"),
    ("a redis client", "redis", "import redis\nthing = redis.Redis()"),
]


@pytest.mark.parametrize(("what", "module", "source"), HANDLES, ids=[what for what, *_ in HANDLES])
def test_the_way_out_for_a_handle_as_an_argument_works(
    what: str, module: str, source: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Where one is refused, the option in the message makes the call a hit."""
    pytest.importorskip(module)
    space: dict[str, object] = {}
    exec(source, space)
    thing = space["thing"]
    close = getattr(thing, "close", None) or getattr(thing, "dispose", None)
    if close is not None:  # Python 3.13 complains of a database left open, in whichever test comes next
        request.addfinalizer(close)

    def f(thing: object, x: int) -> int:
        return x

    try:
        Cache(tmp_path / "plain")(f)(thing, 1)
    except UnkeyableError as error:
        said = str(error)
    else:
        said = "ignore=['thing']"
    assert "ignore=['thing']" in said, what
    cached = Cache(tmp_path / "ignoring")(f, ignore=["thing"])
    assert [cached(thing, 1), cached(thing, 1)] == [1, 1]
    assert cached.cache_info().hits == 1


def test_explain_lists_live_objects(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """With what does not count of them, and what to do about it."""
    pytest.importorskip("httpx")
    write_files(tmp_path, "import httpx\nC = httpx.Client()\n@cache\ndef f(x): return str(C.base_url) * x\n")
    (said,) = nurseries[0].run(tmp_path, "str(f.explain(1))").values
    assert "global main.C (a live object of httpx.Client" in said
    assert "depends_on=" in said


class Fetcher:
    """A client of the user's that counts its calls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls = 0

    def fetch(self, x: int) -> int:
        self.calls += 1
        return x


FETCHER = Fetcher("a")


def test_a_registered_type_is_a_handle(tmp_path: Path) -> None:
    """Its instances may change while a function runs, and the next call is a hit."""
    cached = Cache(tmp_path)(lambda x: FETCHER.fetch(x))
    register_handle(Fetcher)
    assert [cached(1), cached(1), FETCHER.calls] == [1, 1, 1]
    assert cached.cache_info().hits == 1


@pytest.mark.parametrize("thing", [int, object, dict, "Fetcher", FETCHER])
def test_only_types_of_ones_own_are_registered(thing: type) -> None:
    """What every value is made of cannot be left out of keys."""
    with pytest.raises(OptionError):
        register_handle(thing)


def test_a_closure_is_told_by_the_settings_of_its_client(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """Two functions of one factory have one name and two clients."""
    pytest.importorskip("httpx")
    source = """
    import httpx
    def make(url):
        client = httpx.Client(base_url=url)
        @cache
        def g(x): return str(client.base_url)
        return g
    a, b = make('http://a'), make('http://b')
    """
    write_files(tmp_path, source)
    ran = nurseries[0].run(tmp_path, "a(1)", "b(1)", "a(1)", "b(1)")
    assert ran.values == ran.truths
    assert nurseries[1].run(tmp_path, "b(1)", "a(1)").values == [ran.values[1], ran.values[0]]
