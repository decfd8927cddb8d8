"""From a match to money, in two channels 免申即享与申报兑现."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Any, Final
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from linqi.accounts.queries import holders_over
from linqi.cases.deadlines import counted
from linqi.conditions.rules import Outcome
from linqi.enterprises import known
from linqi.enterprises.models import Enterprise
from linqi.journal import actions as journal
from linqi.journal.verbs import Verb
from linqi.kit import access
from linqi.kit.clock import now, today
from linqi.notifications.actions import notify
from linqi.policies import queries, rules
from linqi.policies.flow import BY_THE_FIRM, ENDED, FLOWS, Channel, Step
from linqi.policies.models import Application, Ledger, Material, PolicyVersion
from linqi.policies.rules import Estimate, LedgerKind

_PERMISSION: Final = {"pay": "policies.pay", "recall": "policies.pay", "receipt": "policies.pay"}
_NEEDS_REASON: Final = frozenset({"drop", "reject", "recall", "ask_correction", "decline"})
_TELL: Final = {  # moves of which the firm is told
    Step.NOTICED: "公示开始，请留意：%(policy)s",
    Step.CORRECTING: "请一次补正以下材料：%(policy)s",
    Step.REJECTED: "申报未通过：%(policy)s",
    Step.APPROVED: "申报已通过，等待拨付：%(policy)s",
    Step.PAID: "资金已拨付：%(policy)s",
    Step.DROPPED: "未列入名单：%(policy)s",
    Step.RECALLED: "资金须退回：%(policy)s",
}


def permission_for(step: str) -> str:
    """Which permission a move asks for: the firm's own, the treasury's, or that of who handles applications."""
    return "policies.apply" if step in BY_THE_FIRM else _PERMISSION.get(step, "policies.handle")


@transaction.atomic
def open_candidates(*, version: PolicyVersion, by: Any) -> int:
    """Every firm that may meet a no-application policy becomes a candidate, once a year; how many are new 生成候选名单."""
    access.require(by, "policies.handle", version)
    if version.policy.channel != Channel.NO_APPLICATION:
        raise ValidationError(_("这项政策须由企业申报。"))
    day = today()
    if queries.version_in_force(version.policy, day) != version:
        raise ValidationError(_("只有现行有效的版本可以生成候选名单。"))
    have = set(
        version.applications.filter(year=day.year)
        .exclude(state__in=[Step.DROPPED, Step.DECLINED])
        .values_list("enterprise", flat=True)
    )
    people = known.population(day)
    fresh = [pk for pk in queries.firms_of(version, day, *queries.MAY).tolist() if pk not in have]
    firms = Enterprise.objects.filter(pk__in=fresh).exclude(seat=None)
    count = 0
    for firm in firms.iterator(chunk_size=1_000):
        row = people.row_of(firm.pk)
        assert row is not None
        money = queries.estimate_of(version, people.sight(row))
        _open(version, firm, Channel.NO_APPLICATION, money=money, by=by)
        count += 1
    return count


@transaction.atomic
def start_application(*, version: PolicyVersion, enterprise: Enterprise, by: Any) -> Application:
    """A firm begins to apply; papers that the platform holds are there already 开始申报."""
    access.require(by, "policies.apply", enterprise)
    access.require(by, "policies.see", version)
    day = today()
    if version.policy.channel != Channel.APPLICATION:
        raise ValidationError(_("这项政策免申即享，无需申报。"))
    if queries.version_in_force(version.policy, day) != version:
        raise ValidationError(_("这项政策现已不在有效期内。"))
    if version.window_since and version.window_until and not version.window_since <= day <= version.window_until:
        raise ValidationError(
            _("申报期为 %(since)s 至 %(until)s。") % {"since": version.window_since, "until": version.window_until}
        )
    if enterprise.seat is None:
        raise ValidationError(_("不知道这家企业在哪里，请先登记入驻地点。"))
    chance = queries.chance_of(version, enterprise, day)
    if chance.outcome == Outcome.UNMET:
        raise ValidationError(_("按现有资料暂不符合，请先核对理由；资料有误的可更正后再申报。"))
    application = _open(version, enterprise, Channel.APPLICATION, money=chance.estimate, by=by)
    facts = known.facts_on(enterprise, day)
    Material.objects.bulk_create(
        Material(application=application, name=one["name"], held=_held(one.get("held", ""), facts))
        for one in version.materials
    )
    return application


@transaction.atomic
def fill_in(*, application: Application, statement: str, amount: str, given: Mapping[int, str], by: Any) -> Application:
    """What the firm writes into its application, kept as it is typed 填写申报."""
    application = _locked(application, "policies.apply", by)
    if application.state not in (Step.DRAFT, Step.CORRECTING):
        raise ValidationError(_("已提交的申报不能再修改。"))
    application.statement = statement.strip()
    application.amount = _money(amount, "amount") if amount.strip() else application.amount
    application.save(update_fields=["statement", "amount"])
    for material in application.materials.filter(pk__in=list(given), held=""):
        material.given = given[material.pk].strip()[:300]
        material.save(update_fields=["given"])
    return application


@transaction.atomic
def move(
    *,
    application: Application,
    step: str,
    reason: str = "",
    amount: str = "",
    account: tuple[str, str] = ("", ""),
    by: Any,
) -> Application:
    """One move of an application, in either channel 办理兑现.

    `reason`: why it is dropped, refused, recalled, or everything that is to be corrected; `amount`: what is approved;
    `account`: holder and last four digits, when the firm confirms. ValidationError in words for what does not fit.
    """
    application = _locked(application, permission_for(step), by)
    before = application.state
    application.state = FLOWS[Channel(application.channel)].after(step, before)
    if step in _NEEDS_REASON and not reason.strip():
        raise ValidationError({"reason": _("请写明原因。")})
    application.reason = reason.strip()[:300] if step in _NEEDS_REASON - {"ask_correction"} else application.reason
    _CHECKS.get(step, _nothing)(application, before, reason, amount, account, by)
    application.moved_at = now()
    application.overdue_told = False
    _set_due(application)
    application.save()
    journal.write(
        by=by,
        verb=Verb.APPLICATION_MOVED,
        subject=application,
        enterprise=application.enterprise_id,
        place=application.place_id,
        move=step,
        before=before,
        after=application.state,
        reason=application.reason if step in _NEEDS_REASON else "",
    )
    _tell_firm(application)
    return application


@transaction.atomic
def move_many(*, applications: Iterable[Application], step: str, reason: str = "", by: Any) -> int:
    """The same move for several, all or none 批量办理."""
    moved = [move(application=application, step=step, reason=reason, by=by) for application in applications]
    return len(moved)


def to_sample(version: PolicyVersion, seed: str) -> list[Application]:
    """Which paid cases of a version are looked at again; the same seed draws the same ones 抽查名单."""
    paid = list(version.applications.filter(state=Step.RECEIPTED).order_by("pk"))
    drawn = Random(f"{version.pk}:{seed}").sample(paid, min(len(paid), rules.sample_size(len(paid))))  # noqa: S311
    return sorted(drawn, key=lambda one: one.pk)


@transaction.atomic
def tell_overdue(at: datetime) -> int:
    """Tell the journal once of each step that was not done in time; how many are told now 超期提醒."""
    late = list(queries.overdue_untold(at)[:200])
    for application in late:
        journal.write(
            by=access.SYSTEM,
            verb=Verb.APPLICATION_OVERDUE,
            subject=application,
            enterprise=application.enterprise_id,
            place=application.place_id,
            state=application.state,
        )
    Application.objects.filter(pk__in=[one.pk for one in late]).update(overdue_told=True)
    return len(late)


def _check(application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any) -> None:
    """The data are looked at once more: the firm must still meet the conditions."""
    if application.channel == Channel.NO_APPLICATION:
        chance = queries.chance_of(application.version, application.enterprise, today())
        if chance.outcome not in queries.MAY:
            raise ValidationError(_("按今天的资料已不再符合，请改为“不予列入”并说明原因。"))
        application.amount, application.ceiling = chance.estimate.amount, chance.estimate.ceiling
        application.checked_by_id = by.pk


def _list(application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any) -> None:
    """A second person looks at the list and at the amount."""
    if by.pk is not None and by.pk == application.checked_by_id:
        raise ValidationError(_("核对数据与审定名单须由两人分别完成。"))
    application.listed_by_id = by.pk
    application.approved = _decided(application, amount)
    _book(application, LedgerKind.APPROVED, application.approved)


def _notice(application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any) -> None:
    application.notice_until = timezone.localdate(counted(f"{rules.NOTICE_DAYS} working_days", now()).at)


def _after_notice(
    application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any
) -> None:
    if application.notice_until is not None and today() <= application.notice_until:
        raise ValidationError(_("公示期到 %(day)s 为止，期满后再办。") % {"day": application.notice_until})


def _confirm(
    application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any
) -> None:
    _after_notice(application, before, reason, amount, account, by)
    holder, tail = account[0].strip(), account[1].strip()
    if not holder or not (len(tail) == 4 and tail.isascii() and tail.isdigit()):
        raise ValidationError({"account_tail": _("请填写户名和账号后四位数字。")})
    application.account_holder, application.account_tail = holder[:120], tail
    _book(application, LedgerKind.CLAIMED, application.approved or Decimal(0))


def _submit(application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any) -> None:
    lacking = list(application.materials.filter(held="", given="").values_list("name", flat=True))
    if lacking:
        raise ValidationError({"materials": _("还缺：%(names)s。平台已有的无需再交。") % {"names": "、".join(lacking)}})
    if before == Step.DRAFT and application.amount:
        _book(application, LedgerKind.CLAIMED, application.amount)


def _ask_correction(
    application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any
) -> None:
    if application.corrected:
        raise ValidationError(_("补正只能一次性告知，已经告知过了。"))
    application.corrected, application.correction = True, reason.strip()


def _approve(
    application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any
) -> None:
    _after_notice(application, before, reason, amount, account, by)
    application.approved = _decided(application, amount)
    _book(application, LedgerKind.APPROVED, application.approved)


def _decided(application: Application, amount: str) -> Decimal:
    """What is approved: as written, else the computed amount where it is one and not the most that is possible."""
    if amount.strip():
        return _money(amount, "amount")
    if application.amount is None or application.ceiling:
        raise ValidationError({"amount": _("请填写核定金额（元）：测算只有上限或没有结果。不涉及资金的填 0。")})
    return application.amount


def _pay(application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any) -> None:
    _book(application, LedgerKind.PAID, application.approved or Decimal(0))


def _sample(application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("请写明抽查结果。")})
    application.sample = reason.strip()[:300]


def _recall(application: Application, before: str, reason: str, amount: str, account: tuple[str, str], by: Any) -> None:
    back = _money(amount, "amount") if amount.strip() else application.approved or Decimal(0)
    _book(application, LedgerKind.RECALLED, back)


def _nothing(*_arguments: Any) -> None:
    """Moves that only change the state."""


_CHECKS: Final = {
    "check": _check,
    "list": _list,
    "notice": _notice,
    "confirm": _confirm,
    "submit": _submit,
    "ask_correction": _ask_correction,
    "approve": _approve,
    "pay": _pay,
    "sample": _sample,
    "recall": _recall,
}


def _open(version: PolicyVersion, enterprise: Enterprise, channel: Channel, *, money: Estimate, by: Any) -> Application:
    assert enterprise.seat_id is not None
    moment = now()
    application = Application(
        number=uuid4().hex[:20],
        version=version,
        enterprise=enterprise,
        place_id=enterprise.seat_id,
        channel=channel.value,
        state=FLOWS[channel].start,
        year=today().year,
        amount=money.amount,
        ceiling=money.ceiling,
        opened_at=moment,
        moved_at=moment,
    )
    _set_due(application)
    try:
        with transaction.atomic():
            application.save()
    except IntegrityError:
        raise ValidationError(_("今年已有一件在办或已办的申报。")) from None
    application.number = f"ZC{application.year}-{application.pk:06d}"
    application.save(update_fields=["number"])
    journal.write(
        by=by,
        verb=Verb.APPLICATION_OPENED,
        subject=application,
        enterprise=enterprise,
        place=enterprise.seat_id,
        number=application.number,
    )
    return application


def _set_due(application: Application) -> None:
    """By when the present step should be done; nothing is due once it has ended."""
    term = rules.TERMS.get(application.state)
    if term is None or application.state in ENDED:
        application.due_at, application.due_why = None, []
        return
    due = counted(term, now())
    application.due_at, application.due_why = due.at, due.why


def _book(application: Application, kind: LedgerKind, amount: Decimal) -> None:
    """One line of the ledger, after which the lines must still be possible together."""
    sums = queries.sums_of(application.ledger.all())
    sums[kind] += amount
    if why := rules.unsound(sums):
        raise ValidationError(_UNSOUND[why])
    Ledger.objects.create(
        version=application.version,
        enterprise=application.enterprise,
        place_id=application.place_id,
        application=application,
        kind=kind.value,
        amount=amount,
        on=today(),
    )


_UNSOUND: Final = {"paid beyond approved": "拨付不能超过核定金额。", "recalled beyond paid": "追回不能超过已拨付金额。"}


def _money(text: str, where: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        raise ValidationError({where: _("请填写金额（元）。")}) from None
    if not amount.is_finite() or amount < 0 or amount >= Decimal(10) ** 13:
        raise ValidationError({where: _("金额不合理。")})
    return amount.quantize(Decimal("0.01"))


def _held(what: str, facts: Mapping[tuple[str, str], Any]) -> str:
    """Where the platform has a paper from; empty when the firm must give it."""
    if not what:
        return ""
    papers = facts.get(("certificates", ""))
    if papers is not None:
        for item in papers.value:
            if (item.get("code") if isinstance(item, Mapping) else item) == what:
                return papers.source or _("资质名单")
    found = facts.get((what, ""))
    return found.source or _("平台已有") if found is not None else ""


def _locked(application: Application, permission: str, by: Any) -> Application:
    access.require(by, permission, application)
    rows = Application.objects.select_for_update(of=("self",)).select_related("version__policy", "enterprise")
    return rows.get(pk=application.pk)


def _tell_firm(application: Application) -> None:
    title = _TELL.get(Step(application.state))
    if title is None:
        return
    notify(
        users=holders_over("enterprise", application.enterprise_id, today()),
        title=_(title) % {"policy": application.version.policy.name_zh},
        body=(application.correction if application.state == Step.CORRECTING else application.reason)[:500],
        url=reverse("policies:application", args=[application.pk]),
        key=f"application:{application.pk}:{application.state}:{application.moved_at.isoformat()}",
    )
