"""How well it was done: rating by three ways, what follows a bad one, and what is left out of the rates."""

import secrets
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from linqi.cases import queries, rules
from linqi.cases.actions.beats import move_on, ready, said_with, told_once
from linqi.cases.actions.moving import reopen
from linqi.cases.actions.telling import tell, tell_workers
from linqi.cases.deadlines import counted
from linqi.cases.flow import MENDING, UNSETTLED, Mend, Mending, Move, State
from linqi.cases.models import Case, Exclusion, Ground, RatedBy, RatingLink, Rectification, Solved
from linqi.cases.rules import Audience
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access, clock


@transaction.atomic
def rate(*, case: Case, stars: int, solved: Solved | None = None, comment: str = "", by: Any) -> Case:
    """The enterprise says how well it was served, once for each closing 评价; `stars` 1 to 5."""
    case, state = ready(case, Move.RATE, "cases.rate", by)
    return _rated(case, state, stars, solved, comment, RatedBy.PORTAL, by)


@transaction.atomic
def call_back(*, case: Case, stars: int, solved: Solved | None = None, comment: str = "", by: Any) -> Case:
    """Note what the one who asked said on the phone; never by whoever handled it 回访."""
    case, state = ready(case, Move.CALL_BACK, "cases.callback", by)
    if not rules.may_call_back(case.handler_id, by.pk):
        raise ValidationError(_("回访须由经办人以外的人进行。"))
    return _rated(case, state, stars, solved, comment, RatedBy.CALL, by)


@transaction.atomic
def make_rating_link(*, case: Case, by: Any) -> str:
    """A token by which one who has no account rates once; told here and never again, an older one dies 评价链接."""
    access.require(by, "cases.close", case)
    locked = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if locked.state != State.CLOSED or not rules.may_rate(locked.closed_at, locked.rated_at):
        raise ValidationError(_("办结且尚未评价的办件才能发出评价链接。"))
    now, token = clock.now(), secrets.token_urlsafe(32)
    locked.rating_links.filter(used_at=None, ends_at__gt=now).update(ends_at=now)
    RatingLink.objects.create(
        case=locked, digest=_digest(token), made_by_id=by.pk, made_at=now, ends_at=now + rules.LINK_LASTS
    )
    journal.write(by=by, verb=Verb.CASE_RATING_LINK, subject=locked)
    return token


def link_of(token: str) -> RatingLink | None:
    """The link behind a token while it can be used; None for one that is unknown, used, over or overtaken."""
    link = RatingLink.objects.filter(digest=_digest(token), used_at=None, ends_at__gt=clock.now())
    found = link.select_related("case__category__window").first()
    if found is None or found.case.state != State.CLOSED:
        return None
    return found if rules.may_rate(found.case.closed_at, found.case.rated_at) else None


@transaction.atomic
def rate_by_link(*, token: str, stars: int, solved: Solved | None = None, comment: str = "") -> Case:
    """Whoever holds the link rates, once 评价; ValidationError when it cannot be used (any more)."""
    link = link_of(token)
    if link is None or RatingLink.objects.filter(pk=link.pk, used_at=None).update(used_at=clock.now()) != 1:
        raise ValidationError(_("这个评价链接无效、已过期或已经用过。"))
    case, state = ready(link.case, Move.RATE, "cases.rate", access.SYSTEM)
    return _rated(case, state, stars, solved, comment, RatedBy.LINK, access.SYSTEM)


def _rated(case: Case, state: str, stars: int, solved: Solved | None, comment: str, way: RatedBy, by: Any) -> Case:
    if not 1 <= stars <= 5:
        raise ValidationError({"stars": _("请选择一到五颗星。")})
    if not rules.may_rate(case.closed_at, case.rated_at):
        raise ValidationError(_("这件事您已经评价过了；重新办理并再次办结后可以再评。"))
    now = clock.now()
    case.rating, case.rating_comment, case.rated_at, case.rated_by = stars, comment.strip()[:500], now, way.value
    case.solved = solved.value if solved else ""
    move_on(case, state, ["rating", "rating_comment", "rated_at", "rated_by", "solved"])
    journal.write(
        by=by,
        verb=Verb.CASE_RATED,
        subject=case,
        stars=stars,
        solved=case.solved,
        comment=case.rating_comment,
        way=way.value,
    )
    tell_workers(
        case,
        _("企业评价 %(stars)s 星：%(title)s") % {"stars": stars, "title": case.title},
        case.rating_comment,
        key=told_once(case, "rated", now),
    )
    if stars <= rules.BAD_UP_TO:
        _begin_mending(case, stars)
    return case


# --- what follows a bad rating ----------------------------------------------------------------------------------------
def _begin_mending(case: Case, stars: int) -> None:
    now = clock.now()
    row = Rectification.objects.create(
        case=case,
        stars=stars,
        comment=case.rating_comment,
        state=MENDING.start,
        opened_at=now,
        due_at=counted(rules.MEND_WITHIN, now).at,
    )
    tell(
        queries.audience(case, {Audience.SECRETARY}),
        case,
        _("收到差评，请核实：%(title)s") % {"title": case.title},
        case.rating_comment,
        key=f"case:{case.pk}:mending:{row.pk}",
    )


@transaction.atomic
def move_rectification(*, rectification: Rectification, move: Mend, text: str, by: Any) -> Rectification:
    """One step after a bad rating: verified, mended, asked again 差评整改.

    Verified and asked again by somebody who did not handle the case. Not content on the second asking: the case is
    handled once more.
    """
    case = rectification.case
    access.require(by, queries.MENDING_PERMISSION[move], case)
    row = Rectification.objects.select_for_update(of=("self",)).select_related("case").get(pk=rectification.pk)
    state = MENDING.after(move.value, row.state)
    if move is not Mend.MEND and not rules.may_call_back(case.handler_id, by.pk):
        raise ValidationError(_("核实与回访须由经办人以外的人进行。"))
    said, now = said_with(text, _("请写明情况。")), clock.now()
    row.state = state
    if move in (Mend.UPHOLD, Mend.REJECT):
        row.finding, row.verified_by_id = said, by.pk
    elif move is Mend.MEND:
        row.measures, row.mended_at = said, now
    else:
        row.revisit = said
    if state not in UNSETTLED:
        row.ended_at = now
    row.save()
    journal.write(by=by, verb=Verb.CASE_RECTIFICATION, subject=case, step=move.value, reason=said)
    if move is Mend.UPHOLD:
        tell(
            queries.audience(case, {Audience.HANDLER, Audience.DEPARTMENT}),
            case,
            _("差评属实，请整改：%(title)s") % {"title": case.title},
            said,
            key=f"case:{case.pk}:mending:{row.pk}:mend",
        )
    if state == Mending.REOPENED:
        reopen(case=case, reason=said, by=by)
    return row


def tell_late_mending(now: Any) -> int:
    """Tell of every bad rating whose time is over, once; returns how many 整改超期提醒."""
    return sum(_tell_late(pk, now) for pk in list(queries.mending_late(now).values_list("pk", flat=True)))


@transaction.atomic
def _tell_late(pk: int, now: Any) -> int:
    if queries.mending_late(now).filter(pk=pk).update(late_told_at=now) != 1:
        return 0
    row = Rectification.objects.select_related("case__place", "case__department", "case__handler").get(pk=pk)
    title = _("差评整改超期：%(title)s") % {"title": row.case.title}
    whom = queries.audience(row.case, {Audience.SECRETARY, Audience.HANDLER})
    tell(whom, row.case, title, key=f"case:{row.case_id}:mending:{pk}:late")
    return 1


# --- what is left out of the rates ------------------------------------------------------------------------------------
@transaction.atomic
def ask_exclusion(*, case: Case, ground: Ground, reason: str, by: Any) -> Exclusion:
    """Ask that a case be left out of the rates, on one of three grounds; counted either way 申请剔除."""
    access.require(by, "cases.exclude", case)
    locked = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if locked.state not in (State.CLOSED, State.WITHDRAWN):
        raise ValidationError(_("办结或撤回之后才能申请剔除。"))
    if Exclusion.objects.filter(case=locked).exists():
        raise ValidationError(_("这件已经申请过剔除。"))
    said = said_with(reason, _("请写明剔除的理由。"))
    asked = Exclusion.objects.create(
        case=locked, ground=ground.value, reason=said, asked_by_id=by.pk, asked_at=clock.now()
    )
    journal.write(by=by, verb=Verb.CASE_EXCLUSION_ASKED, subject=case, ground=ground.value, reason=said)
    tell(
        [user for user in queries.audience(case, {Audience.SECRETARY}) if user.pk != by.pk],
        case,
        _("申请剔除，待审批：%(title)s") % {"title": case.title},
        said,
        key=f"case:{case.pk}:exclusion",
    )
    return asked


@transaction.atomic
def decide_exclusion(*, case: Case, grant: bool, text: str, by: Any) -> Exclusion:
    """Grant or refuse; never the one who asked, and always with a reason 审批剔除."""
    access.require(by, "cases.decide", case)
    asked = Exclusion.objects.select_for_update(of=("self",)).filter(case=case, granted=None).first()
    if asked is None:
        raise ValidationError(_("没有待审批的剔除申请。"))
    if not rules.may_decide(asked.asked_by_id, by.pk):
        raise ValidationError(_("剔除须由申请人以外的人审批。"))
    asked.answer = said_with(text, _("请写明审批理由。"))
    asked.granted, asked.decided_by_id, asked.decided_at = grant, by.pk, clock.now()
    asked.save()
    journal.write(by=by, verb=Verb.CASE_EXCLUSION_DECIDED, subject=case, granted=grant, reason=asked.answer)
    return asked


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
