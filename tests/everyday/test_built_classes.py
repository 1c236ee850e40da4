"""Classes that libraries build of what they are told: an edit of what shaped one is noticed, one of a comment is not."""

from __future__ import annotations

from pathlib import Path

from freshness.edit import Edit, check_edit, edit_cases
from freshness.many_processes import Nursery


def _class(needs: str, what: str, text: str, old: str, new: str, use: str, *, hit: bool = False) -> Edit:
    before = f"{text}\n@cache\ndef f(x): return {use}\n"
    return Edit(f"{needs}: {what}", before, {old: new}, hit=hit, needs=tuple(needs.split()))


# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
_P = "from pydantic import *\nfrom typing import *\n"
_TRY = "\ndef t(make):\n    try: return make()\n    except Exception: return 'no'"
_M = "import msgspec\n"

EDITS = [
    _class("pydantic", "the mode of a validator", _P + "class M(BaseModel):\n    a: int\n    @field_validator('a', mode='before')\n    @classmethod\n    def v(cls, x): return x if isinstance(x, int) else 0", "'before'", "'after'", "M(a='5').a"),
    _class("pydantic", "the body of a validator", _P + "class M(BaseModel):\n    a: int\n    @field_validator('a')\n    @classmethod\n    def v(cls, x): return x + 10", "+ 10", "+ 20", "M(a=1).a"),
    _class("pydantic", "the field of a validator", _P + "class M(BaseModel):\n    a: int\n    b: int\n    @field_validator('a')\n    @classmethod\n    def v(cls, x): return x + 10", "validator('a')", "validator('b')", "M(a=1, b=1).a"),
    _class("pydantic", "the body of a validator of the model", _P + "class M(BaseModel):\n    a: int\n    @model_validator(mode='after')\n    def v(self):\n        self.a += 10\n        return self", "+= 10", "+= 20", "M(a=1).a"),
    _class("pydantic", "a constraint", _P + "class M(BaseModel):\n    a: int = Field(5, gt=10)" + _TRY, "gt=10", "gt=20", "t(lambda: M(a=15).a)"),
    _class("pydantic", "a constraint in an annotation", _P + "class M(BaseModel):\n    a: Annotated[int, Field(gt=10)]" + _TRY, "gt=10", "gt=20", "t(lambda: M(a=15).a)"),
    _class("pydantic", "a validator in an annotation", _P + "I = Annotated[int, AfterValidator(lambda v: v + 10)]\nclass M(BaseModel):\n    a: I", "+ 10", "+ 20", "M(a=1).a"),
    _class("pydantic", "an alias", _P + "class M(BaseModel):\n    a: int = Field(5, alias='aa')", "'aa'", "'bb'", "M(aa=7).a"),
    _class("pydantic", "a factory", _P + "class M(BaseModel):\n    a: list = Field(default_factory=lambda: [1])", "[1]", "[2]", "M().a"),
    _class("pydantic", "an option of the model", _P + "class M(BaseModel):\n    model_config = ConfigDict(extra='allow')\n    a: int", "'allow'", "'ignore'", "M(a=1, b=2).model_dump()"),
    _class("pydantic", "an option as a keyword", _P + "class M(BaseModel, extra='allow'):\n    a: int", "'allow'", "'ignore'", "M(a=1, b=2).model_dump()"),
    _class("pydantic", "the body of a computed field", _P + "class M(BaseModel):\n    a: int\n    @computed_field\n    @property\n    def b(self) -> int: return self.a + 10", "+ 10", "+ 20", "M(a=1).model_dump()"),
    _class("pydantic", "the alias of a computed field", _P + "class M(BaseModel):\n    a: int\n    @computed_field(alias='bb')\n    @property\n    def b(self) -> int: return 1", "'bb'", "'cc'", "M(a=1).model_dump(by_alias=True)"),
    _class("pydantic", "the body of a serializer", _P + "class M(BaseModel):\n    a: int\n    @field_serializer('a')\n    def s(self, v): return v + 10", "+ 10", "+ 20", "M(a=1).model_dump()"),
    _class("pydantic", "when a serializer is used", _P + "class M(BaseModel):\n    a: int\n    @field_serializer('a', when_used='json')\n    def s(self, v): return v + 10", "'json'", "'always'", "M(a=1).model_dump()"),
    _class("pydantic", "the mode of a validator of a dataclass", _P + "from pydantic.dataclasses import dataclass\n@dataclass\nclass M:\n    a: int\n    @field_validator('a', mode='before')\n    @classmethod\n    def v(cls, x): return x if isinstance(x, int) else 0", "'before'", "'after'", "M('5').a"),
    _class("pydantic", "the annotation of a named tuple", _P + "class T(NamedTuple):\n    a: int\nclass M(BaseModel):\n    t: T", "a: int", "a: str", "M(t=('1',)).t"),
    _class("pydantic", "the annotation of a named tuple by itself", _P + "class T(NamedTuple):\n    a: int\n", "a: int", "a: str", "TypeAdapter(T).validate_python(('1',))"),
    _class("pydantic", "the annotation of a dictionary type", _P + "from typing_extensions import TypedDict\nclass T(TypedDict):\n    a: int\nclass M(BaseModel):\n    t: T", "a: int", "a: str", "M(t={'a': '1'}).t"),
    _class("pydantic", "a comment in a model", _P + "class M(BaseModel):\n    a: int = 1\n    @field_validator('a')\n    @classmethod\n    def v(cls, x): return x", "    a: int", "    # said\n    a: int", "M().a", hit=True),
    _class("cattrs attrs", "the annotation of a field", "import attrs, cattrs\n@attrs.define\nclass T:\n    a: int\n", "a: int", "a: str", "cattrs.Converter().structure({'a': '1'}, T)"),
    _class("cattrs", "the annotation of a dictionary type", "import cattrs\nfrom typing import *\nclass T(TypedDict):\n    a: int\n", "a: int", "a: str", "cattrs.Converter().structure({'a': '1'}, T)"),
    _class("cattrs", "the annotation of a named tuple", "import cattrs\nfrom typing import *\nclass T(NamedTuple):\n    a: int\n", "a: int", "a: str", "cattrs.Converter().structure(['1'], T)"),
    _class("msgspec", "a default", _M + "class M(msgspec.Struct):\n    a: int = 10", "10", "20", "M().a"),
    _class("msgspec", "a factory", _M + "class M(msgspec.Struct):\n    a: list = msgspec.field(default_factory=lambda: [10])", "[10]", "[20]", "M().a"),
    _class("msgspec", "how fields are renamed", _M + "class M(msgspec.Struct, rename='camel'):\n    a_b: int = 1", "'camel'", "'pascal'", "msgspec.json.encode(M())"),
    _class("msgspec", "the name of a field", _M + "class M(msgspec.Struct):\n    a: int = msgspec.field(default=1, name='b')", "'b'", "'c'", "msgspec.json.encode(M())"),
    _class("msgspec", "a tag", _M + "class M(msgspec.Struct, tag='x'):\n    a: int = 1", "'x'", "'y'", "msgspec.json.encode(M())"),
    _class("msgspec", "the field of a tag", _M + "class M(msgspec.Struct, tag_field='x', tag='a'):\n    a: int = 1", "'x'", "'y'", "msgspec.json.encode(M())"),
    _class("msgspec", "whether defaults are left out", _M + "class M(msgspec.Struct, omit_defaults=True):\n    a: int = 1", "True", "False", "msgspec.json.encode(M())"),
    _class("msgspec", "whether it is like an array", _M + "class M(msgspec.Struct, array_like=True):\n    a: int = 1", "True", "False", "msgspec.json.encode(M())"),
    _class("msgspec", "whether unknown fields are forbidden", _M + "class M(msgspec.Struct, forbid_unknown_fields=True):\n    a: int = 1" + _TRY, "True", "False", "t(lambda: msgspec.json.decode(b'{\"b\": 1}', type=M).a)"),
    _class("msgspec", "whether it is compared", _M + "class M(msgspec.Struct, eq=True):\n    a: int = 1", "True", "False", "M() == M()"),
    _class("msgspec", "a constraint in an annotation", _M + "from typing import Annotated\nclass M(msgspec.Struct):\n    a: Annotated[int, msgspec.Meta(gt=10)]" + _TRY, "gt=10", "gt=20", "t(lambda: msgspec.convert({'a': 15}, M).a)"),
    _class("msgspec", "a comment", _M + "class M(msgspec.Struct):\n    a: int = 1", "    a: int", "    # said\n    a: int", "M().a", hit=True),
    _class("attrs", "metadata", "import attrs\n@attrs.define\nclass M:\n    a: int = attrs.field(default=1, metadata={'k': 10})", "10", "20", "attrs.fields(M).a.metadata['k']"),
    _class("attrs", "a validator", "import attrs\n@attrs.define\nclass M:\n    a: int = attrs.field(default=15, validator=attrs.validators.gt(10))" + _TRY, "gt(10)", "gt(20)", "t(lambda: M().a)"),
    _class("dataclasses", "metadata", "import dataclasses\n@dataclasses.dataclass\nclass M:\n    a: int = dataclasses.field(default=1, metadata={'k': 10})", "10", "20", "dataclasses.fields(M)[0].metadata['k']"),
]
# fmt: on


@edit_cases(EDITS)
def test_an_edit_of_what_shapes_a_class_is_noticed(edit: Edit, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """The same program hits in another process; what the class is built of is edited, and the function runs again."""
    check_edit(edit, tmp_path, nurseries)
