"""The chain of a clue and of a task: one link for each thing that happened, hashed with the one before 全流程链."""

from hashlib import sha256
from typing import Any

from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.waste.models import ChainLink, Clue, Task
from linqi.waste.rules import tracing
from linqi.waste.rules.tracing import Link


def add_link(of: Clue | Task, what: str, data: dict[str, Any]) -> str:
    """Add a link to the chain of a clue or a task whose row, or whose bin's row, the caller has locked; its digest."""
    mine = _owner(of)
    last = ChainLink.objects.filter(**mine).order_by("-number").first()
    made = tracing.linked(as_link(last) if last else None, clock.now().isoformat(), what, data)
    ChainLink.objects.create(
        **mine,
        number=made.number,
        at=made.at,
        what=made.what,
        data=dict(made.data),
        previous=made.previous,
        digest=made.digest,
    )
    return made.digest


def links_of(of: Clue | Task) -> list[Link]:
    """The chain, from its beginning."""
    return [as_link(one) for one in ChainLink.objects.filter(**_owner(of)).order_by("number")]


def as_link(row: ChainLink) -> Link:
    """A row as the rules read it."""
    return Link(row.number, row.at, row.what, row.data, row.previous, row.digest)


def broken_at(of: Clue | Task) -> int | None:
    """The first link that was changed, taken out or cut off; None when the chain is whole 链条核验.

    The journal, which has a chain and a seal of its own, was told the digest of each last link: a chain that was written anew from its
    beginning shows by it.
    """
    told = Entry.objects.filter(subject_type=of._meta.label_lower, subject_id=of.pk, data__has_key="chain").first()
    return tracing.broken(links_of(of), told.data["chain"] if told else None)


def head_of(of: Clue | Task) -> str:
    """The digest of the last link; empty when there is none."""
    last = ChainLink.objects.filter(**_owner(of)).order_by("-number").first()
    return last.digest if last else ""


def text_digest(text: str) -> str:
    """SHA-256 of a text as it was served."""
    return sha256(text.encode()).hexdigest()


def _owner(of: Clue | Task) -> dict[str, Any]:
    return {"clue": of} if isinstance(of, Clue) else {"task": of}
