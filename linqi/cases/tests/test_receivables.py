"""Money owed to small firms: terms and interest as the regulation says."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from linqi.cases import actions
from linqi.cases.receivables import Debtor, Ground, Owed, standing

DELIVERED, TODAY = date(2026, 1, 1), date(2026, 3, 2)


@pytest.mark.parametrize(
    ("debtor", "agreed", "due_on", "ground"),
    [
        pytest.param(Debtor.PUBLIC, None, date(2026, 1, 31), Ground.PUBLIC, id="a public body has thirty days"),
        pytest.param(Debtor.PUBLIC, 45, date(2026, 2, 15), Ground.AGREED, id="it may agree on more"),
        pytest.param(Debtor.PUBLIC, 90, date(2026, 3, 2), Ground.PUBLIC_MOST, id="but not on more than sixty"),
        pytest.param(Debtor.LARGE, None, date(2026, 3, 2), Ground.LARGE, id="a large enterprise has sixty"),
        pytest.param(Debtor.LARGE, 90, date(2026, 4, 1), Ground.AGREED, id="unless something else is agreed"),
        pytest.param(Debtor.OTHER, None, None, Ground.UNKNOWN, id="others: what is not agreed is not known"),
        pytest.param(Debtor.OTHER, 10, date(2026, 1, 11), Ground.AGREED, id="others as agreed"),
    ],
)
def test_when_it_had_to_be_paid(debtor, agreed, due_on, ground):
    found = standing(Owed(Decimal(1000), debtor, DELIVERED, agreed), TODAY)
    assert (found.due_on, found.ground) == (due_on, ground)


def test_interest_is_five_in_ten_thousand_a_day_where_none_is_agreed():
    owed = Owed(Decimal("120000"), Debtor.PUBLIC, DELIVERED)
    assert standing(owed, date(2026, 1, 31)).interest == 0
    assert standing(owed, date(2026, 3, 2)) == standing(owed, TODAY)
    assert standing(owed, TODAY).late == 30
    assert standing(owed, TODAY).interest == Decimal("1800.00")


def test_interest_that_nobody_agreed_on_is_not_made_up_for_others():
    assert standing(Owed(Decimal(1000), Debtor.OTHER, DELIVERED, 10), TODAY).interest is None
    agreed = Owed(Decimal(1000), Debtor.OTHER, DELIVERED, 10, Decimal("0.0003"))
    assert standing(agreed, TODAY).interest == Decimal("15.00")


@given(st.integers(1, 10**9), st.sampled_from([Debtor.PUBLIC, Debtor.LARGE]), st.integers(0, 400))
def test_waiting_never_makes_it_less_and_nothing_is_owed_before_its_day(yuan, debtor, days):
    owed = Owed(Decimal(yuan), debtor, DELIVERED)
    now, later = standing(owed, DELIVERED + timedelta(days)), standing(owed, DELIVERED + timedelta(days + 1))
    assert now.interest <= later.interest
    assert (now.interest == 0) == (now.late == 0 or yuan * now.late < 10)


# --- with a case ------------------------------------------------------------------------------------------------------
def said(**changed):
    return {
        "amount": Decimal("120000"),
        "debtor": Debtor.PUBLIC,
        "debtor_name": "某局",
        "delivered_on": DELIVERED,
        "agreed_days": None,
        "agreed_daily": None,
    } | changed


def test_it_is_noted_and_shown_to_both_sides(cast, case, client):
    actions.note_receivable(case=case, by=cast.enterprise_user, **said())
    actions.note_receivable(case=case, by=cast.econ_specialist, **said(amount=Decimal("100000")))
    case.refresh_from_db()
    assert case.receivable.amount == Decimal("100000")
    for who, page in (("enterprise_user", "own_one"), ("econ_specialist", "detail")):
        client.force_login(cast.users[who])
        shown = client.get(reverse(f"cases:{page}", args=[case.pk])).content.decode()
        assert "1,500.00" in shown
        assert "条例第九条" in shown


@pytest.mark.parametrize("changed", [{"amount": Decimal(0)}, {"delivered_on": date(2030, 1, 1)}, {"agreed_days": -1}])
def test_what_cannot_be_is_refused(cast, case, changed):
    with pytest.raises(ValidationError):
        actions.note_receivable(case=case, by=cast.enterprise_user, **said(**changed))


@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user", "nobody"])
def test_strangers_note_nothing(cast, case, who, client):
    with pytest.raises(PermissionDenied):
        actions.note_receivable(case=case, by=cast.users[who], **said())
    client.force_login(cast.users[who])
    assert client.post(reverse("cases:receivable", args=[case.pk]), {"amount": "1"}).status_code in (403, 404)


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(cast, case, client):
    client.force_login(cast.enterprise_user)
    address = reverse("cases:receivable", args=[case.pk])
    sent = {
        "owed-amount": "120000",
        "owed-debtor": "public",
        "owed-debtor_name": "某局",
        "owed-delivered_on": "2026-01-01",
    }
    client.post(address, sent)
    case.refresh_from_db()
    assert case.receivable.amount == Decimal("120000")
    page = client.post(address, {**sent, "owed-amount": "-5"}, follow=True).content.decode()
    assert "没有保存" in page
