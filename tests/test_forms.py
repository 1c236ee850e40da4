"""What a notebook shows of brinery's objects: HTML that is only that, with plain text beside it."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
import stat
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from other_process import run

from brinery import Cache, CacheInfo
from brinery._explain import tables
from brinery._explain.tables import EntryList

HOSTILE = "</div><script>alert(1)</script><img src=x onerror='alert(2)'>\"&amp; $x^2$ \x1b[31m \u202e \ud800"
HARMLESS = {"b", "code", "details", "div", "li", "span", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul"}


class Markup(HTMLParser):
    """A form, read as a browser reads it: what is shown, and by which tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag in HARMLESS
        assert {name for name, _ in attrs} <= {"class", "scope", "style"}
        assert "url(" not in str(attrs)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def html_of(thing: object) -> str:
    """What a notebook shows of a thing."""
    found = thing._repr_html_()  # type: ignore[attr-defined]
    assert found.replace("\n", "").isprintable()
    return found


def shown(thing: object) -> str:
    """The text of that."""
    return Markup(html_of(thing)).text


def plain(cache: Cache) -> str:
    """What stands beside it for those who see text only."""
    return cache._repr_mimebundle_()["text/plain"]


@pytest.fixture
def hostile(new_cache: Callable[..., Cache], tmp_path: Path):
    """A cache at a place of a dangerous name, with a function of one, called with dangerous arguments."""
    memory = new_cache(tmp_path / HOSTILE.replace("/", "|").replace("\ud800", ""))

    def f(text, more=HOSTILE):
        open(os.devnull).close()
        return text

    f.__qualname__ = f"<script>{f.__qualname__}"
    cached = memory(f)
    cached(HOSTILE[:75])
    cached(HOSTILE[:75])
    return memory, cached


def test_names_and_values_are_shown_and_never_taken_for_markup(hostile):
    """Names of functions, arguments and folders, as whoever writes to the store may choose them."""
    memory, f = hostile
    things = [memory, memory.entries(), memory.functions(), f.cache_info(), f.explain(HOSTILE[:75]), f.explain("'<b>")]
    texts = [shown(thing) for thing in things]
    assert all("<script>" in text for text in texts[:3] + texts[4:])
    assert "\\x1b[31m" in texts[0]
    assert "alert(1)</script><img src=x onerror=" in texts[1]
    assert "was" in texts[5]


def test_the_plain_form_beside_it_does_a_terminal_no_harm(hostile):
    """Control characters and directions of writing are told, and not obeyed."""
    memory, f = hostile
    for text in (plain(memory), str(memory.entries()), str(memory.functions()), str(f.explain("<b>"))):
        assert all(line.isprintable() for line in text.splitlines())
        assert "<script>" in text


def test_the_plain_form_of_a_cache_tells_the_same(new_cache: Callable[..., Cache], tmp_path: Path):
    """Place, size against the limit, entries, hits and time saved, as a whole and by function."""
    memory = new_cache(max_size="1MB", max_entries=8)

    @memory
    def f(x):
        return bytes(100_000)

    assert f(1) == f(1) == f(2)
    assert plain(memory).startswith(f"Cache {tmp_path / 'store'}\nsize ")
    for text in (plain(memory), shown(memory)):
        assert " of 1.0MB" in text
        assert "2 of 8" in text
        assert "1 of 3 calls" in text
        assert "test_forms.test_the_plain_form_of_a_cache_tells_the_same.<locals>.f" in text
    assert html_of(memory).count("width:25%") == 1  # the bar of the entries


def test_looking_at_a_cache_makes_and_changes_nothing(tmp_path: Path, home: Path):
    """Neither a folder, nor a secret, nor what a store remembers of its use."""
    memory = Cache(tmp_path / "none")
    assert "there is no store yet" in shown(memory)
    assert "there is no store yet" in plain(memory)
    assert "no entries" in shown(memory.entries())
    assert str(memory.functions()) == "no functions"
    assert list(tmp_path.iterdir()) == []
    assert list(home.rglob("*")) == []
    memory(len)([1])
    before = {path: path.lstat()[:9] for path in tmp_path.rglob("*")}
    shown(memory), shown(memory.entries()), shown(memory.functions()), plain(memory)
    assert {path: path.lstat()[:9] for path in tmp_path.rglob("*")} == before


def test_a_cache_that_is_off_says_so():
    """There is nothing to count."""
    assert "every call computes" in shown(Cache(None))
    assert "every call computes" in plain(Cache(None))
    assert shown(Cache(None).entries()) == "no entries"


def test_a_store_that_cannot_be_read_says_so(tmp_path: Path):
    """A look at it never raises."""
    (tmp_path / "file").write_text("")
    memory = Cache(tmp_path / "file" / "store")
    assert "cannot be read" in shown(memory)
    assert "cannot be read" in plain(memory)


def test_where_nothing_at_all_can_be_told_the_name_is_left(monkeypatch: pytest.MonkeyPatch, memory: Cache):
    """Whatever goes wrong on the way to the form."""
    monkeypatch.setattr(tables, "overview", lambda _: 1 / 0)
    assert memory._repr_mimebundle_() == {"text/plain": repr(memory)}
    assert memory._repr_html_() is None


def test_a_damaged_store_is_shown_as_far_as_it_can_be(tmp_path: Path):
    """Files where folders should be, folders where files should be, a pipe, and numbers that cannot be right."""
    memory = Cache(tmp_path / "store")

    @memory
    def f(x):
        return x

    for x in range(8):
        f(x)
    folder = next((tmp_path / "store").glob("test_forms*"))
    entries = sorted(folder.rglob("*.brine1"))
    entries[0].write_bytes(b"\xff" * 300)
    entries[1].unlink()
    entries[1].mkdir()
    entries[2].unlink()
    os.mkfifo(entries[2])
    head = bytearray(entries[3].read_bytes())
    head[40:120] = b"\xff" * 80
    entries[3].write_bytes(head)
    (folder / "function.json").write_text('{"name": [1], "fingerprints": 7}')
    (folder / "statistics").write_text("\n999999999 -1 nan\n1 2 inf\n3 4 5\n" + "9" * 5000)
    for thing in (memory, memory.entries(), memory.functions()):
        assert "test_forms" in shown(thing)
    assert len(str(memory.entries()).splitlines()) >= 5
    shutil.rmtree(folder)
    folder.write_text("no folder any more")
    assert "0 " in shown(memory)


def test_entries_that_are_gone_or_were_changed_meanwhile_still_have_a_row(memory: Cache):
    """What is told of their arguments is read when they are shown."""

    @memory
    def f(x):
        return x

    f("first"), f("second")
    entries = memory.entries()
    assert "x='first'" in shown(entries)
    assert "x='first'" in str(entries)
    memory.clear()
    assert "first" not in shown(entries)
    assert shown(entries).count("stored") == 2


def test_a_store_too_large_to_count_is_told_of_without_counting(memory: Cache, monkeypatch: pytest.MonkeyPatch):
    """Nobody waits for a glance: the sum that writers keep is told, and the command that counts is named."""
    memory(len)([1])
    monkeypatch.setattr(tables, "_MOST_SECONDS", -1)
    for text in (shown(memory), plain(memory)):
        assert "too many entries" in text
        assert "brinery info" in text
        assert "4.1kB of 10.0GB" in text
        assert "builtins.len" not in text


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_folder_that_may_not_be_read_says_so(tmp_path: Path):
    """As another user's store may be."""
    memory = Cache(tmp_path / "store")
    memory(len)([1])
    (tmp_path / "store").chmod(stat.S_IWUSR)
    try:
        assert "cannot be read" in shown(memory)
    finally:
        (tmp_path / "store").chmod(stat.S_IRWXU)


def test_only_the_largest_functions_have_a_row_of_their_own(memory: Cache):
    """The others are counted."""
    for number in range(13):

        def f(x):
            return x

        f.__qualname__ = f"f{number:02}"
        memory(f)(bytes(5000 * number))
    for text in (shown(memory), plain(memory)):
        assert "f12" in text
        assert "f02" not in text
        assert "... and 3 more functions" in text


@pytest.fixture
def squares(memory: Cache) -> Cache:
    """A cache with more entries than a table shows."""

    @memory
    def square(x):
        return x * x

    for x in range(33):
        square(x)
    return memory


def test_a_long_listing_is_cut_and_says_how_much_is_left_out(squares: Cache):
    """In HTML and in text."""
    entries = squares.entries()
    assert html_of(entries).count("<tr") == 31
    assert "... and 3 more" in shown(entries)
    lines = str(entries).splitlines()
    assert (len(lines), lines[-1]) == (32, "... and 3 more")
    assert "more" not in shown(entries[:30])


def test_a_listing_is_a_list_in_every_way(squares: Cache):
    """Only its printed form is a table; a piece or a copy of it has one, too."""
    entries = squares.entries()
    assert isinstance(entries, list)
    items = list(entries)
    assert entries == items
    assert repr(entries) == repr(items)
    assert (len(entries), bool(entries), entries[0], entries[-1]) == (33, True, items[0], items[-1])
    assert entries[3:5] == items[3:5]
    assert entries + [1] == [*items, 1]  # noqa: RUF005
    assert [entry for entry in reversed(entries)] == items[::-1]  # noqa: C416
    assert pickle.loads(pickle.dumps(entries)) == items
    assert json.dumps(entries[:1]) == json.dumps(items[:1])
    for same in (entries[:], entries.copy(), copy.copy(entries), copy.deepcopy(entries)):
        assert same == items
        assert same is not entries
        assert isinstance(same, EntryList)
    entries.sort(key=lambda entry: entry.key)
    del entries[2:]
    entries.append(items[0])
    assert str(entries).splitlines()[1].startswith(min(items).key[:8])
    assert len(squares.functions()) == 1
    assert isinstance(squares.find(items[0].key), EntryList)
    assert isinstance(squares.stale(items), EntryList)


def test_what_calls_did_is_the_same_named_tuple_with_a_form(new_cache: Callable[..., Cache]):
    """`functools` has a tuple of this name, with these fields first."""
    memory = new_cache(max_entries=4)

    @memory
    def f(x):
        return x

    assert "not called yet" in shown(f.cache_info())
    f(1), f(1), f(2)
    info = f.cache_info()
    assert info == (1, 2, 4, 2, info.seconds_saved)
    assert info._fields == ("hits", "misses", "maxsize", "currsize", "seconds_saved")
    assert repr(info).startswith("CacheInfo(hits=1, misses=2, maxsize=4, currsize=2, seconds_saved=")
    assert "1 of 3 calls" in shown(info)
    assert "width:33%" in html_of(info)
    assert "2 of 4" in shown(info)
    assert "4" not in shown(CacheInfo(0, 0, None, 3, float("nan")))


def test_a_difference_shows_what_was_over_what_is(new_cache: Callable[..., Cache]):
    """Of constants, options and arguments; and where the two differ, if they are much alike."""
    memory = new_cache()

    def f(name, size=3):
        return name, size

    memory(version="1")(f)("the quick brown fox")
    found = memory(version="2")(f).explain("the quick -> brown: dog", size=4)
    text = shown(found)
    assert "option version was 1now 2" in text
    assert "argument name was 'the quick brown fox'now 'the quick -> brown: dog'" in text
    assert "argument size was 3now 4" in text
    assert str(found).count("\n") == 4
    marked = html_of(memory(version="1")(f).explain("the quick brown dog"))
    assert ">fox</b>" in marked
    assert ">dog</b>" in marked


def test_reasons_are_text_that_can_be_pickled(new_cache: Callable[..., Cache]):
    """Whatever a form makes of their parts."""
    memory = new_cache()
    memory(version="1")(len)([1])
    found = memory(version="2")(len).explain([1])
    assert found.reasons == ("option version: 1 -> 2",)
    back = pickle.loads(pickle.dumps(found))
    assert back == found
    assert html_of(back) == html_of(found)
    assert json.dumps(found.reasons) == '["option version: 1 -> 2"]'


def test_nothing_of_the_forms_is_loaded_before_it_is_asked_for(tmp_path: Path):
    """Not by decorating, nor by calls, nor by making a list."""
    script = """
import sys
from brinery import Cache
memory = Cache("store")
f = memory(lambda x: x)
f(1), f(1), f.cache_info(), f.explain(2)
forms = "brinery._display.html", "brinery._explain.tables", "html", "IPython"
print([name for name in sys.modules if name.startswith(forms)])
entries = memory.entries()
print([name for name in sys.modules if name.startswith(("brinery._display.html", "html", "IPython"))])
memory._repr_html_()
print("brinery._display.html" in sys.modules)
"""
    assert run("-c", script, cwd=tmp_path).split("\n")[:3] == ["[]", "[]", "True"]
