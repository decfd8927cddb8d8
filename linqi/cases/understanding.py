"""What a request is about, proposed by the newest reader; kept in memory until another one is learnt 研判.

It proposes a category, and with it a window and, by the dispatch table, a section. It never decides: a person chooses,
and what was proposed stays with the case.
"""

import io
from collections.abc import Sequence
from typing import Any, Final

import structlog

from linqi.cases.flow import State
from linqi.cases.intake import starter_examples
from linqi.cases.models import Case, TrainedReader
from linqi.cases.reading import Proposal, Reader
from linqi.catalogue.models import Category

MOST: Final = 10_000  # closed cases learnt from, the newest: a minute or two of learning

log = structlog.get_logger("linqi.cases")
_kept: dict[str, Reader | None] = {}


def propose(title: str, body: str = "") -> Proposal | None:
    """What a text is probably about; None while nothing has been learnt or there is nothing to read 研判建议."""
    found = reader() if title.strip() else None
    return found.propose(f"{title}\n{body}") if found else None


def reader() -> Reader | None:
    """The newest reader; None while there is none, or when it was kept by another release and cannot be read.

    Opening a case must not fail because a proposal cannot be made; `actions.learn_when_due` then learns anew.
    """
    version = TrainedReader.objects.values_list("version", flat=True).first()
    if version is None:
        return None
    if version not in _kept:
        row = TrainedReader.objects.get(version=version)
        _kept.clear()
        try:
            _kept[version] = Reader.load(io.BytesIO(bytes(row.data)))
        except ValueError:
            log.warning("a reader that cannot be read", version=version)
            _kept[version] = None
    return _kept[version]


def forget() -> None:
    """Read the reader again when it is next asked for."""
    _kept.clear()


def as_kept(found: Proposal | None) -> dict[str, Any]:
    """A proposal as it stays with a case: which reader, what, how sure, and why."""
    if found is None:
        return {}
    return {
        "version": found.version,
        "label": found.label,
        "confidence": round(found.confidence, 4),
        "ranked": [[label, round(sure, 4)] for label, sure in found.ranked[:3]],
        "reasons": list(found.reasons),
    }


def lessons() -> tuple[list[str], list[str], int]:
    """Texts and their categories to learn from, and how many of them the product brought along 训练样本.

    A case of one's own teaches when it is closed: its category has then been seen by whoever handled it. Categories
    that are no longer offered are not learnt.
    """
    offered = set(Category.objects.filter(offered=True).values_list("code", flat=True))
    examples = [one for one in starter_examples() if one.category in offered]
    own = Case.objects.filter(state=State.CLOSED, category__code__in=offered, merged_into=None).order_by("-pk")
    rows = [
        (f"{title}\n{body}", code) for title, body, code in own.values_list("title", "body", "category__code")[:MOST]
    ]
    said: Sequence[tuple[str, str]] = [*((one.text, one.category) for one in examples), *dict.fromkeys(rows)]
    return [text for text, _code in said], [code for _text, code in said], len(examples)
