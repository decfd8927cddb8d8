"""What is counted of policies; unknown is never zero."""

from datetime import timedelta

import pytest

from linqi.kit.clock import today
from linqi.kit.measures import Span
from linqi.policies import measures
from linqi.policies.actions import offers, payment
from linqi.policies.models import Application
from linqi.policies.tests.test_payment import later, move

pytestmark = pytest.mark.django_db


def span(since=-30, until=60):
    return Span(today() + timedelta(days=since), today() + timedelta(days=until))


def test_before_anything_happened_shares_are_unknown_and_sums_are_nothing(library):
    place = library.street.pk
    assert measures.told(span(), place) == 0
    assert measures.seen(span(), place) is None
    assert measures.corrected(span(), place) is None
    assert measures.days_to_money(span(), place) is None
    assert measures.paid(span(), place) == 0


def test_from_telling_to_payment_each_figure_moves_at_its_own_step(scale, library):
    econ, leader, firm, place = (
        library.econ_specialist,
        library.street_leader,
        library.enterprise_user,
        library.street.pk,
    )
    offers.push(version=scale, by=econ)
    assert measures.told(span(), place) == 2
    assert measures.told(span(), library.far_street.pk) == 0
    assert measures.seen(span(), place) == 0
    assert measures.unclaimed(span(), place) == 400_000
    offers.mark_seen(enterprise=library.firm, offers=scale.offers.all(), by=firm)
    assert measures.seen(span(), place) == 1
    payment.open_candidates(version=scale, by=econ)
    case = Application.objects.get(version=scale, enterprise=library.firm)
    move(case, "check", econ)
    move(case, "list", leader)
    noticed = move(case, "notice", econ)
    days = (noticed.notice_until - today()).days + 1
    with later(days):
        move(case, "confirm", firm, account=("样例公司", "1234"))
        assert measures.unclaimed(span(), place) == 200_000
        assert measures.paid(span(), place) == 0
        move(case, "pay", leader)
    assert measures.paid(span(), place) == 200_000
    assert measures.days_to_money(span(), place) == days
    with later(days):
        move(case, "recall", leader, reason="多付", amount="50000")
    assert measures.paid(span(), place) == 150_000


def test_lateness_is_known_of_today_only(scale, library):
    payment.open_candidates(version=scale, by=library.econ_specialist)
    Application.objects.update(due_at=Application.objects.earliest("pk").opened_at - timedelta(days=1))
    assert measures.late(span(), library.street.pk) == 2
    assert measures.late(span(-30, -1), library.street.pk) is None
