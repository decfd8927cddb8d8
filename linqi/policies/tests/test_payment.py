"""From a match to money: two channels, two persons, one correction, a ledger that adds up."""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from linqi.kit.clock import today
from linqi.kit.flow import MoveRefused
from linqi.policies import queries
from linqi.policies.actions import offers, payment
from linqi.policies.flow import Step
from linqi.policies.models import Application, Ledger, PolicyVersion
from linqi.policies.rules import LedgerKind

pytestmark = pytest.mark.django_db


def later(days):
    """Some days on, for everything that asks the day."""
    day = today() + timedelta(days=days)
    return patch.multiple("linqi.policies.actions.payment", today=lambda: day)


@pytest.fixture
def candidate(scale, library):
    payment.open_candidates(version=scale, by=library.econ_specialist)
    return Application.objects.get(version=scale, enterprise=library.firm)


def move(application, step, by, **said):
    return payment.move(application=application, step=step, by=by, **said)


def test_a_firm_that_may_meet_is_told_once_in_the_words_of_the_law(scale, library):
    pushed = offers.push(version=scale, by=library.econ_specialist)
    assert pushed.offered == 2
    offer = queries.offers_seen_by(library.enterprise_user).get()
    assert offer.outcome in ("met", "manual_review")
    assert offer.amount == Decimal(200000)
    notice = library.enterprise_user.notices.get()
    assert "可能符合" in notice.title or "待主管部门认定" in notice.title
    assert "有权" not in notice.title + notice.body
    assert offers.push(version=scale, by=library.econ_specialist).offered == 0


def test_no_application_from_candidate_to_receipt(candidate, library):
    econ, leader, firm = library.econ_specialist, library.street_leader, library.enterprise_user
    move(candidate, "check", econ)
    listed = move(candidate, "list", leader)
    assert listed.approved == Decimal(200000)
    noticed = move(candidate, "notice", econ)
    with pytest.raises(ValidationError, match="公示期"):
        move(candidate, "confirm", firm, account=("样例公司", "1234"))
    with later((noticed.notice_until - today()).days + 1):
        with pytest.raises(ValidationError, match="后四位"):
            move(candidate, "confirm", firm, account=("样例公司", "12a4"))
        move(candidate, "confirm", firm, account=("样例公司", "1234"))
        move(candidate, "pay", leader)
    done = move(candidate, "receipt", leader)
    assert done.state == Step.RECEIPTED
    sums = queries.sums_of(Ledger.objects.filter(application=candidate))
    assert sums[LedgerKind.PAID] == sums[LedgerKind.APPROVED] == sums[LedgerKind.CLAIMED] == Decimal(200000)


def test_who_checked_may_not_review_the_list(candidate, library):
    move(candidate, "check", library.street_leader)
    with pytest.raises(ValidationError, match="两人"):
        move(candidate, "list", library.street_leader)


def test_nothing_is_paid_twice_or_beyond_what_was_approved(candidate, library):
    econ, leader = library.econ_specialist, library.street_leader
    move(candidate, "check", econ)
    move(candidate, "list", leader)
    noticed = move(candidate, "notice", econ)
    with later((noticed.notice_until - today()).days + 1):
        move(candidate, "confirm", library.enterprise_user, account=("样例公司", "1234"))
        move(candidate, "pay", leader)
        with pytest.raises(MoveRefused):
            move(candidate, "pay", leader)
    line = Ledger.objects.get(application=candidate, kind=LedgerKind.PAID)
    line.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        line.save(force_insert=True)
    with pytest.raises(ValidationError, match="追回不能超过"):
        move(candidate, "recall", leader, reason="多付", amount="200000.01")
    back = move(candidate, "recall", leader, reason="事后不符合", amount="50000")
    assert back.state == Step.RECALLED


def test_candidates_are_made_once_a_year(candidate, scale, library):
    assert payment.open_candidates(version=scale, by=library.econ_specialist) == 0


def test_only_who_may_pays_and_strangers_do_nothing(candidate, library):
    for user in (library.stranger, library.far_enterprise_user, library.property_manager):
        with pytest.raises(PermissionDenied):
            move(candidate, "check", user)
    with pytest.raises(PermissionDenied):
        move(candidate, "pay", library.econ_specialist)


@pytest.fixture
def application(library, tell):
    """An application for the national high-tech recognition: nothing is unmet, much is unknown, papers are asked."""
    version = PolicyVersion.objects.get(policy__street=library.street, policy__key="cn-hnte")
    return payment.start_application(version=version, enterprise=library.firm, by=library.enterprise_user)


def test_an_application_is_corrected_once_and_only_once(application, library):
    econ, firm = library.econ_specialist, library.enterprise_user
    with pytest.raises(ValidationError, match="还缺"):
        move(application, "submit", firm)
    lacking = {one.pk: "已交窗口" for one in application.materials.filter(held="")}
    payment.fill_in(application=application, statement="说明", amount="", given=lacking, by=firm)
    move(application, "submit", firm)
    corrected = move(application, "ask_correction", econ, reason="审计报告须加盖公章")
    assert corrected.correction == "审计报告须加盖公章"
    move(application, "submit", firm)
    with pytest.raises(ValidationError, match="一次性"):
        move(application, "ask_correction", econ, reason="还有一份")
    move(application, "forward", econ)
    move(application, "review", econ)
    noticed = move(application, "notice", econ)
    with later((noticed.notice_until - today()).days + 1):
        approved = move(application, "approve", library.street_leader, amount="0")
        assert approved.state == Step.APPROVED
    paid = move(application, "pay", library.street_leader)
    assert move(paid, "archive", econ).state == Step.ARCHIVED


def test_what_the_platform_holds_is_not_asked_again(application):
    licence = application.materials.get(name="营业执照")
    assert licence.held


def test_a_second_application_in_the_same_year_is_refused(application, library):
    with pytest.raises(ValidationError, match="今年已有"):
        payment.start_application(version=application.version, enterprise=library.firm, by=library.enterprise_user)


def test_a_late_step_is_told_once(candidate):
    assert payment.tell_overdue(candidate.due_at + timedelta(days=1)) == 2  # both candidates
    assert payment.tell_overdue(candidate.due_at + timedelta(days=1)) == 0
