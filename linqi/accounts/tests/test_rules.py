"""Who may hand on what, and what is owed first."""

from datetime import date

import pytest

from linqi.accounts.rules import ALPHABET, LENGTH, Duty, Refusal, duty, one_time_password, refusal

MONDAY = date(2026, 3, 2)


def asked(**changes):
    given = {
        "role": "community_secretary",
        "carries": ["cases.accept", "journal.read"],
        "target": "place",
        "covered": True,
        "held": lambda permission: permission != "accounts.edit_roles",
        "since": MONDAY,
        "until": None,
    }
    return refusal(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        pytest.param({}, None, id="a secretary over a place that the giver manages"),
        pytest.param({"carries": ["cases.accept"], "held": lambda _: False}, None, id="work the giver does not do"),
        pytest.param({"covered": False}, Refusal.OUT_OF_REACH, id="a place of somebody else"),
        pytest.param({"carries": ["accounts.edit_roles"]}, Refusal.EXCEEDS, id="a power that the giver does not have"),
        pytest.param({"held": lambda _: False}, Refusal.EXCEEDS, id="the journal, by one who may not read it"),
        pytest.param({"target": "enterprise"}, Refusal.WRONG_OBJECT, id="a secretary of an enterprise"),
        pytest.param({"role": "enterprise_user"}, Refusal.WRONG_OBJECT, id="an enterprise user over a street"),
        pytest.param({"role": "enterprise_user", "target": "enterprise"}, None, id="an enterprise user"),
        pytest.param({"role": "department_handler"}, Refusal.WRONG_OBJECT, id="a handler over a street"),
        pytest.param({"until": MONDAY}, Refusal.DATES, id="an end on the first day"),
    ],
)
def test_what_may_be_handed_on(changes, answer):
    assert asked(**changes) is answer


@pytest.mark.parametrize(
    ("must_change", "required", "has", "answer"),
    [
        pytest.param(False, False, False, None, id="nothing is owed"),
        pytest.param(True, True, False, Duty.PASSWORD, id="the password comes first"),
        pytest.param(False, True, False, Duty.SECOND_FACTOR, id="a second factor is asked for and missing"),
        pytest.param(False, True, True, None, id="a second factor is asked for and there"),
    ],
)
def test_what_is_owed_first(must_change, required, has, answer):
    assert (
        duty(must_change_password=must_change, second_factor_required=required, has_second_factor=lambda: has) is answer
    )


def test_a_one_time_password_is_long_and_has_no_letter_that_is_misread():
    assert not set("lIoO01i") & set(ALPHABET)
    assert one_time_password(lambda letters: letters[0]) == ALPHABET[0] * LENGTH
