"""Edits in other modules than the function's, reached in every way in which Python reaches one."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.edit import Edit

_HELPER = "\n#: helper.py\nK = 1\ndef g(x): return x + K + 10\nclass C:\n    a = 100\n"
_CODE, _CONSTANT, _CLASS = {"+ 10": "+ 20"}, {"K = 1": "K = 2"}, {"a = 100": "a = 200"}


def _reached(how: str, text: str, use: str = "g(x)", files: str = _HELPER) -> list[Edit]:
    """One way to a helper; the helper's code is edited, and a constant that it reads."""
    before = f"{text}\n@cache\ndef f(x): return {use}{files}"
    return [Edit(f"code reached by {how}", before, _CODE), Edit(f"a constant reached by {how}", before, _CONSTANT)]


def _inside(how: str, text: str, use: str = "g(x)", files: str = _HELPER) -> list[Edit]:
    """The same by an import inside the function."""
    before = f"@cache\ndef f(x):\n    {text}\n    return {use}{files}"
    return [Edit(f"code reached by {how} inside", before, _CODE), Edit(f"a constant reached by {how} inside", before, _CONSTANT)]


_PACKAGE = "\n#: pkg/__init__.py\n\n#: pkg/sub/__init__.py\n\n#: pkg/sub/helper.py\nK = 1\ndef g(x): return x + K + 10\n"
_EXPORTING = _PACKAGE.replace("#: pkg/__init__.py\n", "#: pkg/__init__.py\nfrom .sub.helper import g\n")
_LAZY = _PACKAGE.replace(
    "#: pkg/__init__.py\n",
    "#: pkg/__init__.py\ndef __getattr__(name):\n    from .sub import helper\n    return getattr(helper, name)\n",
)

_ZIP = "import pathlib, sys, zipfile\nwith zipfile.ZipFile('lib.zip', 'w') as archive:\n    for name in ('zipped.py', 'packed/__init__.py', 'packed/zipped.py'): archive.writestr(name, pathlib.Path('helper.txt').read_text())\nsys.path.insert(0, 'lib.zip')"


def _named(how: str, text: str, use: str = "h.g(x)", above: str = "", files: str = _HELPER) -> list[Edit]:
    """The same by a name that is computed, or by one of several imports; `other.g` is what a false argument takes."""
    return _inside(how, text, use, f"{above}{files}\n#: other.py\nL = 1\ndef g(x): return x + L + 30\n")


def _either(how: str, text: str, use: str = "h.g(x)", above: str = "") -> list[Edit]:
    """One of two modules is taken: the helper by a true argument, the other by a false one."""
    first = _named(how, text, use, above)
    change = ({"+ 30": "+ 40"}, {"L = 1": "L = 2"})
    others = [edit._replace(what=f"{edit.what}, the other", call="f(0)", change=new) for edit, new in zip(first, change, strict=True)]
    return first + others


_IN_PACKAGE = _HELPER.replace("helper.py", "pkg/helper.py") + "\n#: pkg/__init__.py\n"
_SPEC = "import importlib.util\n    s = importlib.util.spec_from_file_location('helper', PLACE)\n    h = importlib.util.module_from_spec(s)\n    s.loader.exec_module(h)"

EDITS = [
    *_either("import under one alias in two branches", "if x: import helper as h\n    else: import other as h"),
    *_either("import under one name in two branches of match", "match x:\n        case 1: import helper as h\n        case _: import other as h"),
    *_either("import in two branches, used in a nested function", "if x: import helper as h\n    else: import other as h\n    def n(): return h.g(x)", "n()"),
    *_either("from-import under one alias in two branches", "if x: from helper import g as h\n    else: from other import g as h", "h(x)"),
    *_either("import that binds a global", "global h\n    if x: import helper as h\n    else: import other as h\n    y = h.g(x)\n    del h", "y"),
    *_either("importlib with one of two names", "import importlib\n    h = importlib.import_module('helper' if x else 'other')"),
    *_either("__import__ with one of two names", "h = __import__('helper' if x else 'other')"),
    *_either("importlib with a name in a local variable", "import importlib\n    name = 'helper' if x else 'other'\n    h = importlib.import_module(name)"),
    *_either("importlib with a name from a table", "import importlib\n    h = importlib.import_module(T[x])", above="\nT = {1: 'helper', 0: 'other'}"),
    *_either("find_spec with one of two names", "from importlib.util import find_spec, module_from_spec\n    s = find_spec('helper' if x else 'other')\n    h = module_from_spec(s)\n    s.loader.exec_module(h)"),
    *_named("import under try", "try: import helper as h\n    except ImportError: import other as h"),
    *_named("import after one that fails", "try: import nothing_here as h\n    except ImportError: import helper as h"),
    *_named("import under try, None else", "try: import helper as h\n    except ImportError: h = None"),
    *_named("import under suppress", "from contextlib import suppress\n    with suppress(ImportError): import helper as h"),
    *_named("import before another of its name", "import helper as h\n    y = h.g(x)\n    import other as h", "y"),
    *_named("__import__ at once", "pass", "__import__('helper').g(x)"),
    *_named("__import__ at once in a lambda", "pass", "(lambda: __import__('helper').g(x))()"),
    *_named("__import__ of a submodule", "h = __import__('pkg.helper')", "h.helper.g(x)", files=_IN_PACKAGE),
    *_named("__import__ of a submodule by fromlist", "h = __import__('pkg.helper', fromlist=['g'])", files=_IN_PACKAGE),
    *_named("importlib with its argument by name", "import importlib\n    h = importlib.import_module(name='helper')"),
    *_named("importlib with a package by name", "import importlib\n    h = importlib.import_module('.helper', package='pkg')", files=_IN_PACKAGE),
    *_named("importlib with a package", "import importlib\n    h = importlib.import_module('.helper', 'pkg')", files=_IN_PACKAGE),
    *_named("importlib with the beginning of a name", "import importlib\n    h = importlib.import_module(f\"pkg.{'HELPER'.lower()}\")", files=_IN_PACKAGE),
    *_named("importlib with a default", "h = load()", above="\nimport importlib\ndef load(name='helper'): return importlib.import_module(name)"),
    *_named("importlib in a function that gets the name", "h = load('helper')", above="\nimport importlib\ndef load(name): return importlib.import_module(name)"),
    *_named("importlib with a name of a class", "import importlib\n    h = importlib.import_module(S.name)", above="\nclass S: name = 'helper'"),
    *_named("importlib with a name of an object", "import importlib\n    h = importlib.import_module(S.name)", above="\nclass T:\n    def __init__(self): self.name = 'helper'\nS = T()"),
    *_named("importlib with a function's path", "h = load('helper.g')", "h(x)", "\nimport importlib\ndef load(path):\n    module, _, name = path.rpartition('.')\n    return getattr(importlib.import_module(module), name)"),
    *_named("importlib in a module that is imported inside", "import loader\n    h = loader.load()", files=_HELPER + "\n#: loader.py\nimport importlib\ndef load(): return importlib.import_module('hel' 'per')\n"),
    *_named("resolve_name", "import pkgutil\n    h = pkgutil.resolve_name('helper:g')", "h(x)"),
    *_named("run_path", "import runpy", "runpy.run_path('helper.py')['g'](x)"),
    *_named("run_path from beside the file", "import os, runpy", "runpy.run_path(os.path.join(os.path.dirname(__file__), 'helper.py'))['g'](x)"),
    *_named("run_path of a script that imports", "import runpy", "runpy.run_path('script.py')['g'](x)", files=_HELPER + "\n#: script.py\nfrom helper import g\n"),
    *_named("run_module", "import runpy", "runpy.run_module('helper')['g'](x)"),
    *_named("spec_from_file_location", _SPEC.replace("PLACE", "'helper.py'")),
    *_named("spec_from_file_location with a path in a global", _SPEC.replace("PLACE", "str(PLACE)"), above="\nimport pathlib\nPLACE = pathlib.Path('helper.py')"),
    Edit("a text that names no module, beside a computed name", "import importlib\n@cache\ndef f(x):\n    h = importlib.import_module('ma' + 'th')\n    return h.floor(x), 'helpers'" + _HELPER, _CODE, hit=True),
    *_reached("from-import", "from helper import g"),
    *_reached("module attribute", "import helper", "helper.g(x)"),
    *_reached("alias", "import helper as h", "h.g(x)"),
    *_reached("alias of a name", "from helper import g as h", "h(x)"),
    *_reached("star import", "from helper import *"),
    *_reached("package attribute chain", "import pkg.sub.helper", "pkg.sub.helper.g(x)", _PACKAGE),
    *_reached("from a package", "from pkg.sub import helper", "helper.g(x)", _PACKAGE),
    *_reached("alias of a submodule", "import pkg.sub.helper as h", "h.g(x)", _PACKAGE),
    *_reached("re-export", "from pkg import g", "g(x)", _EXPORTING),
    *_reached("re-export by attribute", "import pkg", "pkg.g(x)", _EXPORTING),
    *_reached("lazy attribute of a package", "import pkg", "pkg.g(x)", _LAZY),
    *_reached("from-import of a lazy attribute", "from pkg import g", "g(x)", _LAZY),
    *_reached("a module in a table", "import helper\nT = {'a': helper}", "T['a'].g(x)"),
    *_reached("a module in a local variable", "import helper", "(lambda m: m.g(x))(helper)"),
    *_reached("getattr of a module", "import helper", "getattr(helper, 'g')(x)"),
    *_reached("vars of a module", "import helper", "vars(helper)['g'](x)"),
    *_reached("a function of the module that is bound", "import helper\ng = helper.g"),
    *_reached("a module imported under try", "try:\n    from nothing import g\nexcept ImportError:\n    from helper import g"),
    *_reached("a relay module", "import relay", "relay.helper.g(x)", "\n#: relay.py\nimport helper\n" + _HELPER),
    *_reached("two relays", "from relay import h", "h(x)", "\n#: relay.py\nfrom helper import g\ndef h(x): return g(x)\n" + _HELPER),
    *_reached("a namespace package", "from space import helper", "helper.g(x)", _HELPER.replace("helper.py", "space/helper.py")),
    *_inside("import", "import helper", "helper.g(x)"),
    *_inside("import under an alias", "import helper as h", "h.g(x)"),
    *_inside("from-import", "from helper import g"),
    *_inside("from-import under an alias", "from helper import g as h", "h(x)"),
    *_inside("import of a submodule", "import pkg.sub.helper", "pkg.sub.helper.g(x)", _PACKAGE),
    *_inside("import of a submodule under an alias", "import pkg.sub.helper as h", "h.g(x)", _PACKAGE),
    *_inside("from-import of a submodule", "from pkg.sub import helper", "helper.g(x)", _PACKAGE),
    *_inside("re-export", "from pkg import g", "g(x)", _EXPORTING),
    *_inside("lazy attribute", "from pkg import g", "g(x)", _LAZY),
    *_inside("relay", "from relay import h", "h(x)", "\n#: relay.py\nfrom helper import g\ndef h(x): return g(x)\n" + _HELPER),
    *_inside("relay that imports inside", "from relay import h", "h(x)", "\n#: relay.py\ndef h(x):\n    from helper import g\n    return g(x)\n" + _HELPER),
    *_inside("import in a nested function", "def n():\n        import helper\n        return helper.g(x)", "n()"),
    *_inside("two imports", "import os, helper", "helper.g(x)"),
    *_inside("import of a module that is passed on", "import helper\n    m = helper", "m.g(x)"),
    *_inside("importlib with a constant name", "import importlib\n    h = importlib.import_module('helper')", "h.g(x)"),
    *_inside("importlib with a name that stands in a global", "import importlib\n    h = importlib.import_module(NAME)", "h.g(x)", "\nNAME = 'helper'" + _HELPER),
    *_inside("importlib imported above", "h = importlib.import_module('helper')", "h.g(x)", "\nimport importlib" + _HELPER),
    *_inside("import_module imported above", "h = import_module('helper')", "h.g(x)", "\nfrom importlib import import_module" + _HELPER),
    *_inside("importlib with a submodule's name", "import importlib\n    h = importlib.import_module('pkg.sub.helper')", "h.g(x)", _PACKAGE),
    *_inside("__import__ with a name that stands in a global", "h = __import__(NAME)", "h.g(x)", "\nNAME = 'helper'" + _HELPER),
    *_reached("sys.modules", "import sys, helper", "sys.modules['helper'].g(x)"),
    *_reached("sys.modules under an alias", "from sys import modules\nimport helper", "modules['helper'].g(x)"),
    *_reached("sys.modules.get", "import sys, helper", "sys.modules.get('helper').g(x)"),
    *_reached("sys.modules by a name that stands in a global", "import sys, helper\nNAME = 'helper'", "sys.modules[NAME].g(x)"),
    *_reached("sys.modules by the module's own name", "import sys\nfrom helper import *", "sys.modules[__name__].g(x)"),
    *_reached("getattr of the module itself", "import sys\nfrom helper import *", "getattr(sys.modules[__name__], 'g')(x)"),
    *_inside("sys.modules", "import sys, helper\n    h = sys.modules['helper']", "h.g(x)"),
    *_inside("__import__ with a constant name", "h = __import__('helper')", "h.g(x)"),
    Edit("code by a helper that imports inside", "def g(x):\n    from helper import g\n    return g(x)\n@cache\ndef f(x): return g(x)" + _HELPER, _CODE),
    Edit("an import inside of something loaded before", "import helper\n@cache\ndef f(x):\n    from helper import g\n    return g(x)" + _HELPER, _CODE),
    Edit("a constant by an import inside of something loaded before", "import helper\n@cache\ndef f(x):\n    import helper\n    return helper.K" + _HELPER, _CONSTANT),
    Edit("a relative import", "from pkg.a import f" + "\n#: pkg/__init__.py\n\n#: pkg/a.py\nfrom brinery import cache\nfrom .b import g\n@cache\ndef f(x): return g(x)\n#: pkg/b.py\ndef g(x): return x + 10\n", _CODE),
    Edit("a relative import of a module", "from pkg.a import f" + "\n#: pkg/__init__.py\n\n#: pkg/a.py\nfrom brinery import cache\nfrom . import b\n@cache\ndef f(x): return b.g(x)\n#: pkg/b.py\ndef g(x): return x + 10\n", _CODE),
    Edit("a relative import from above", "from pkg.in_.a import f" + "\n#: pkg/__init__.py\n\n#: pkg/in_/__init__.py\n\n#: pkg/in_/a.py\nfrom brinery import cache\nfrom ..b import g\n@cache\ndef f(x): return g(x)\n#: pkg/b.py\ndef g(x): return x + 10\n", _CODE),
    Edit("a relative import inside the function", "from pkg.a import f" + "\n#: pkg/__init__.py\n\n#: pkg/a.py\nfrom brinery import cache\n@cache\ndef f(x):\n    from .b import g\n    return g(x)\n#: pkg/b.py\ndef g(x): return x + 10\n", _CODE),
    Edit("a relative import of a module inside the function", "from pkg.a import f" + "\n#: pkg/__init__.py\n\n#: pkg/a.py\nfrom brinery import cache\n@cache\ndef f(x):\n    from . import b\n    return b.g(x)\n#: pkg/b.py\ndef g(x): return x + 10\n", _CODE),
    Edit("a relative import from above inside the function", "from pkg.in_.a import f" + "\n#: pkg/__init__.py\n\n#: pkg/in_/__init__.py\n\n#: pkg/in_/a.py\nfrom brinery import cache\n@cache\ndef f(x):\n    from ..b import g\n    return g(x)\n#: pkg/b.py\ndef g(x): return x + 10\n", _CODE),
    Edit("a class of another module", "from helper import C\n@cache\ndef f(x): return C.a" + _HELPER, _CLASS),
    Edit("a class by module attribute", "import helper\n@cache\ndef f(x): return helper.C().a" + _HELPER, _CLASS),
    Edit("a class by an import inside", "@cache\ndef f(x):\n    from helper import C\n    return C.a" + _HELPER, _CLASS),
    Edit("a constant by from-import", "from helper import K\n@cache\ndef f(x): return K" + _HELPER, _CONSTANT),
    Edit("a constant by module attribute", "import helper\n@cache\ndef f(x): return helper.K" + _HELPER, _CONSTANT),
    Edit("a constant by an import inside", "@cache\ndef f(x):\n    import helper\n    return helper.K" + _HELPER, _CONSTANT),
    Edit("a constant of the package", "import pkg.a\n@cache\ndef f(x): return pkg.a.g(x)\n#: pkg/__init__.py\nK = 1\n#: pkg/a.py\nimport pkg\ndef g(x): return x + pkg.K\n", _CONSTANT),
    Edit("a constant of the package that a module inside imports", "from pkg.a import g\n@cache\ndef f(x): return g(x)\n#: pkg/__init__.py\nK = 1\n#: pkg/a.py\nfrom . import K\ndef g(x): return x + K\n", _CONSTANT),
    Edit("from which module a name is imported", "from helper import g\n@cache\ndef f(x): return g(x)\n#: helper.py\ndef g(x): return 1\n#: other.py\ndef g(x): return 2\n", {"from helper": "from other"}),
    Edit("from which module a name is imported inside", "@cache\ndef f(x):\n    from helper import g\n    return g(x)\n#: helper.py\ndef g(x): return 1\n#: other.py\ndef g(x): return 2\n", {"from helper": "from other"}),
    Edit("what a module imports from where", "import helper\n@cache\ndef f(x): return helper.g(x)\n#: helper.py\nfrom a import g\n#: a.py\ndef g(x): return 1\n#: b.py\ndef g(x): return 2\n", {"from a": "from b"}),
    Edit("a function by getattr with a computed name", "import helper\n@cache\ndef f(x): return getattr(helper, 'g' + str(x))()\n#: helper.py\ndef g1(): return 1\n", {"return 1": "return 2"}),
    Edit("the members of an enumeration in another module", "from helper import C\n@cache\ndef f(x): return C.B.value\n#: helper.py\nfrom enum import Enum, auto\nclass C(Enum):\n    A = auto()\n    B = auto()\n", {"    A = auto()\n": ""}),
    *_inside("import from a folder in a folder without __init__.py", "import space.sub.helper", "space.sub.helper.g(x)", _HELPER.replace("helper.py", "space/sub/helper.py")),
    *_inside("import from such a folder under an alias", "import space.sub.helper as h", "h.g(x)", _HELPER.replace("helper.py", "space/sub/helper.py")),
    *_inside("relative import in such a folder", "from space.sub.relay import g", "g(x)", _HELPER.replace("helper.py", "space/sub/helper.py") + "#: space/sub/relay.py\nfrom .helper import g\n"),
    *_inside("import from an archive", "import zipped", "zipped.g(x)", f"\n{_ZIP}{_HELPER.replace('helper.py', 'helper.txt')}"),
    *_inside("import of a package in an archive", "from packed import zipped", "zipped.g(x)", f"\n{_ZIP}{_HELPER.replace('helper.py', 'helper.txt')}"),
    Edit("a module inside, of the same size and time", "import os\nos.utime('helper.py', (1, 1))\n@cache\ndef f(x):\n    import helper\n    return helper.g(x)" + _HELPER, _CODE),
    Edit("a module that appears", "@cache\ndef f(x):\n    try: import extra\n    except ImportError: return 'none'\n    return extra.K\n#: other.py\nK = 1\n", {"other.py": "extra.py"}),
    Edit("a module that vanishes", "@cache\ndef f(x):\n    try: import extra\n    except ImportError: return 'none'\n    return extra.K\n#: extra.py\nK = 1\n", {"extra.py": "other.py"}),
    Edit("a module that shadows one of the standard library", "import colorsys\n@cache\ndef f(x): return getattr(colorsys, 'K', 0)\n#: other.py\nK = 1\n", {"other.py": "colorsys.py"}),
    Edit("a module that becomes a package", "import helper\n@cache\ndef f(x): return helper.K\n#: helper.py\nK = 1\n", {"helper.py\nK = 1": "helper/__init__.py\nK = 2"}),
    Edit("a decorator in another module", "from helper import twice\n@twice\ndef g(x): return x\n@cache\ndef f(x): return g(x)\n#: helper.py\ndef twice(function):\n    def run(x): return 2 * function(x)\n    return run\n", {"2 *": "3 *"}),
    Edit("a registry that another module fills", "import registry, filler\n@cache\ndef f(x): return registry.TABLE['a'](x)\n#: registry.py\nTABLE = {}\n#: filler.py\nimport registry\nregistry.TABLE['a'] = lambda x: x + 10\n", _CODE),
    Edit("the base of a class in a third module", "from a import A\n@cache\ndef f(x): return A().run()\n#: a.py\nfrom b import B\nclass A(B): pass\n#: b.py\nclass B:\n    def run(self): return 10\n", {"return 10": "return 20"}),
    Edit("a global that shadows a builtin in a module that is used", "import helper\n@cache\ndef f(x): return helper.g(x)\n#: helper.py\ndef g(x): return max(x, 9)\n", {"def g": "max = min\ndef g"}),
    Edit("modules that import each other", "import a\n@cache\ndef f(x): return a.g(x)\n#: a.py\nimport b\ndef g(x): return b.h(x)\ndef k(x): return x + 10\n#: b.py\nimport a\ndef h(x): return a.k(x)\n", _CODE),
]
