"""The chain in words that an official reads; what is hashed stays as it was written 全流程链节."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from linqi.accounts.models import User
from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import shown_name
from linqi.organisation.models import Company
from linqi.waste.flow import Hearing, TaskState
from linqi.waste.kinds import ClueKind, ClueState, PartyKind, Stream, Witness
from linqi.waste.law import book
from linqi.waste.rules.tracing import Happened, Link

MOST: Final = 12  # parties named in a link; all of them are in what is hashed


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link as a page shows it."""

    number: int
    label: str
    at: datetime
    digest: str
    lines: list[str]


def link_rows(links: Iterable[Link], user: Any) -> list[LinkRow]:
    """The links of a chain in words; names are looked up for all at once."""
    listed = list(links)
    told = [link.data for link in listed]
    people = User.objects.in_bulk({one["by"] for one in told if one.get("by")})
    parties = [share for one in told for share in one.get("shares", [])]
    firms = {one["party"] for one in parties} | {one.get("enterprise") for one in told}
    firms |= {duty["enterprise"] for one in told for duty in one.get("duties", [])}
    companies = {one.get("company") for one in told}
    companies |= {duty["company"] for one in told for duty in one.get("duties", [])}
    names = _Names(
        {pk: str(one) for pk, one in people.items()},
        {pk: shown_name(one, user) for pk, one in Enterprise.objects.in_bulk(firms - {None}).items()},
        {pk: one.name for pk, one in Company.objects.in_bulk(companies - {None}).items()},
    )
    return [
        LinkRow(
            link.number,
            _(Happened(link.what).label) if link.what in Happened.values else link.what,
            datetime.fromisoformat(link.at),
            link.digest,
            _lines(link, names),
        )
        for link in listed
    ]


@dataclass(frozen=True, slots=True)
class _Names:
    people: Mapping[int, str]
    firms: Mapping[int, str]
    companies: Mapping[int, str]

    def party(self, firm: int | None, company: int | None) -> str:
        """An enterprise or a company by its name; what is no longer there stays unknown."""
        if firm is not None:
            return self.firms.get(firm, _("不能确定"))
        return self.companies.get(company, _("不能确定")) if company is not None else _("不能确定")


def _lines(link: Link, names: _Names) -> list[str]:
    """What a link tells, line by line: first what is its own, then what many have in common."""
    data, own = link.data, _OWN.get(link.what)
    lines = own(data, names) if own else []
    if "state" in data:
        known = next((one for one in (ClueState, TaskState, Hearing) if data["state"] in one.values), None)
        lines.append(_(known(data["state"]).label) if known else str(data["state"]))
    lines += [_("%(n)s 条线索，连同各自链条的末节摘要") % {"n": len(data["clues"])}] if data.get("clues") else []
    lines += [book().offence(data["offence"]).citation] if data.get("offence") else []
    lines += [_("办件 %(number)s") % {"number": data["case"]}] if data.get("case") else []
    lines += [str(data[key]) for key in ("why", "reason", "note") if data.get(key) and link.what != Happened.MADE]
    lines += [_("告知原文的摘要 %(digest)s…") % {"digest": data["text"][:16]}] if data.get("text") else []
    lines += [_("经办：%(who)s") % {"who": names.people.get(data["by"], "—")}] if data.get("by") else []
    return lines


def _told(data: Mapping[str, Any], names: _Names) -> list[str]:
    lines = [
        _("%(at)s %(kind)s，%(witness)s")
        % {
            "at": data["at"][:16].replace("T", " "),
            "kind": _(ClueKind(data["kind"]).label),
            "witness": _(Witness(data["witness"]).label),
        }
    ]
    if event := data.get("event"):
        lines.append(_("终端 %(device)s，启动 %(boot)s，序号 %(sequence)s") % event)
        lines += [_("投放凭证 %(card)s") % event] if event["card"] else []
    return lines


def _bin(data: Mapping[str, Any], names: _Names) -> list[str]:
    return [f"{data['code']} · {_(Stream(data['stream']).label)}"]


def _point(data: Mapping[str, Any], names: _Names) -> list[str]:
    return [" › ".join([*(one["name"] for one in data["path"]), data["name"] or _("当时不在任何点位")])]


def _parties(data: Mapping[str, Any], names: _Names) -> list[str]:
    lines = [f"{names.party(one['party'], None)} {_percent(one['share'])}" for one in data.get("shares", [])[:MOST]]
    for duty in data.get("duties", []):
        who = names.party(duty["enterprise"], duty["company"])
        lines.append(_("管理责任人（%(kind)s）：%(who)s") % {"kind": _(PartyKind(duty["kind"]).label), "who": who})
    return lines


def _picture(data: Mapping[str, Any], names: _Names) -> list[str]:
    dates = {"reviewed": data["reviewed_on"] or _("没有"), "published": data["published_on"] or _("没有")}
    return [f"SHA-256 {data['sha256']}", _("设备审核 %(reviewed)s，点位公布 %(published)s") % dates]


def _address(data: Mapping[str, Any], names: _Names) -> list[str]:
    return [names.party(data["enterprise"], data["company"])]


_OWN: Final[Mapping[str, Callable[[Mapping[str, Any], _Names], list[str]]]] = {
    Happened.TOLD: _told,
    Happened.BIN: _bin,
    Happened.POINT: _point,
    Happened.PARTIES: _parties,
    Happened.MADE: _parties,
    Happened.PICTURE: _picture,
    Happened.ADDRESS: _address,
}


def _percent(share: str) -> str:
    top, _slash, bottom = share.partition("/")
    return f"{int(top) / int(bottom or 1):.1%}"
