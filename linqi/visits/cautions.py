"""What is said before an enterprise is contacted once more: a warning in words, never a block 再次联系提醒."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from linqi.enterprises import dictionary
from linqi.visits.burden import Caution, Contact, FieldAsked
from linqi.visits.rules.burden import ContactKind


@dataclass(frozen=True, slots=True)
class Said:
    """A warning as a page shows it; `brief` for where there is little room, `why`: why one goes all the same."""

    text: str
    brief: str
    earlier: tuple[str, ...]
    why: str


def in_words(caution: Caution | None) -> Said | None:
    """A warning in words, None when there is none."""
    if caution is None:
        return None
    counts = {"days": caution.days, "n": len(caution.earlier), "number": caution.number}
    reasons = "、".join(_(one.label) for one in caution.pressing)
    return Said(
        text=_("%(days)s 天内已经联系过这家企业 %(n)s 次，再去就是第 %(number)s 次。能并到一次办的，请并到一次。")
        % counts,
        brief=_("%(days)s 天内第 %(number)s 次联系") % counts,
        earlier=tuple(contact_in_words(one) for one in caution.earlier),
        why=_("有紧急事由（%(reasons)s），仍应按时前往。") % {"reasons": reasons} if reasons else "",
    )


def contact_in_words(one: Contact) -> str:
    """One contact in a line: day, way, by whom as far as the reader may know."""
    return f"{one.on.isoformat()} {_(one.kind.label)}（{by_whom(one)}）"


def by_whom(one: Contact) -> str:
    """The office and the role a contact came from, never a person."""
    if not one.open:
        return _("其他地方或科室，您看不到详情")
    parts = [part for part in (_(one.office) if one.office else "", _(one.role) if one.role else "") if part]
    return " · ".join(parts) or _("经手岗位未记录")


def field_in_words(one: FieldAsked) -> str:
    """A field that was asked for, and whether we knew it."""
    label = f"{dictionary.field(one.key).label} {one.period}".strip() if one.key in dictionary.fields() else one.key
    if one.known is None:
        return label
    known = {"label": label, "day": one.known.as_of.isoformat()}
    if one.same:
        return _("%(label)s（当时已有 %(day)s 的信息，答复相同）") % known
    return _("%(label)s（当时已有 %(day)s 的信息，答复不同）") % known


def asked_in_words(one: Contact) -> str:
    """What was asked on a contact; empty when nothing was, or nobody wrote it down."""
    fields = [field_in_words(field) for field in one.asked]
    if one.kind is ContactKind.PAPERS and one.text:
        fields.insert(0, one.text)
    return "；".join(fields)
