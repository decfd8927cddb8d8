"""A real installation begins with a district, a street and somebody who may go on."""

import pytest
from django.core.management import CommandError, call_command

from linqi.accounts.actions import sync_roles
from linqi.accounts.models import User
from linqi.cases.models import DispatchRow
from linqi.kit.access import may
from linqi.policies.models import Policy
from linqi.territory.models import Place

pytestmark = pytest.mark.django_db
YUHANG = ("330110", "余杭区")


def setup(capsys, street=("330110012", "仓前街道"), district=YUHANG):
    sync_roles()
    call_command("setup", district=district, street=street)
    return capsys.readouterr().out


def test_the_operator_may_manage_what_was_entered(capsys):
    said = setup(capsys)
    operator = User.objects.get(username="operator")
    assert operator.must_change_password
    assert operator.check_password(said.partition("password: ")[2].split()[0])
    assert may(operator, "accounts.manage", Place.objects.get(code="330110012"))
    assert DispatchRow.objects.filter(street__code="330110012").exists()
    assert Policy.objects.filter(street__code="330110012", versions__from_library=True).exists()


def test_a_second_street_joins_the_same_district_and_makes_no_second_operator(capsys):
    setup(capsys)
    assert "password" not in setup(capsys, street=("330110013", "五常街道"))
    assert Place.objects.filter(kind="district").count() == 1


@pytest.mark.parametrize("street", [("330110012", "仓前街道"), ("12", "仓前街道")])
def test_a_code_taken_or_too_short_is_refused_and_nothing_is_half_entered(capsys, street):
    setup(capsys)
    places = Place.objects.count()
    with pytest.raises(CommandError):
        setup(capsys, street=street)
    assert Place.objects.count() == places
