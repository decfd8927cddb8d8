"""Which fields hold personal data, and how long they are kept 个人信息.

Each app says so for each of its models, at the end of its `access.py`. What must be said is every text that a person may have written or
that may name one, and every link to a user; a field in neither list fails a test (tests/test_house.py). The lengths are defaults of the
product, after the Personal Information Protection Law, article 19: no longer than the purpose needs.

    declare(Visit, personal={"summary": Kept.FILE}, plain=["reasons"])
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from linqi.kit.choices import Choice


class Kept(Choice):
    """How long 保存期限."""

    ACCOUNT = "account", "账号存续期间"
    FILE = "file", "随所属档案保存"
    TERM = "term", "到期自动清除"
    IMPORT = "import", "随导入记录保存，供撤销和核对"
    NEWS = "news", "随接收人账号保存"
    JOURNAL = "journal", "随日志长期保存，供审计"
    INDEX = "index", "随被检索的对象即时增删"


@dataclass(frozen=True, slots=True)
class Declared:
    """What an app says of one model: personal field → how long it is kept; and the fields that are not personal."""

    personal: Mapping[str, Kept] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()


_declared: dict[type[Model], Declared] = {}


def declare(model: type[Model], *, personal: Mapping[str, Kept] | None = None, plain: Iterable[str] = ()) -> None:
    """Say which fields of a model are personal and which are not; a field cannot be both."""
    said = Declared(dict(personal or {}), frozenset(plain))
    if both := said.plain.intersection(said.personal):
        raise ImproperlyConfigured(f"{model.__name__}: personal and plain at once: {', '.join(sorted(both))}.")
    _declared[model] = said


def declared(model: type[Model]) -> Declared:
    """What was said of a model; nothing when nothing was said."""
    return _declared.get(model, Declared())
