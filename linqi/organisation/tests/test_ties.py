"""Ties and service centres: made, ended, counted, by those who may."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from linqi.kit import access
from linqi.kit.clock import today
from linqi.organisation import actions, queries_matrix
from linqi.organisation.models import CentreCount, ServiceCentre, Tie

DAY = date(2026, 3, 2)


@pytest.fixture
def member(cast):
    return actions.enter_person(place=cast.community, name="许知行", by=cast.community_secretary)


def test_a_tie_joins_a_member_to_a_firm_that_is_in_the_park(cast, member):
    said = {"member": member, "park": cast.park, "employees": "工会小组长", "since": DAY, "by": cast.party_specialist}
    made = actions.tie(enterprise=cast.firm, **said)
    with pytest.raises(ValidationError, match="已有人担任"):
        actions.tie(enterprise=cast.firm, **said)
    with pytest.raises(PermissionDenied):
        actions.tie(enterprise=cast.far_firm, **said)
    cast.neighbour.tenancies.update(until=DAY)
    with pytest.raises(ValidationError, match="不在该园区"):
        actions.tie(enterprise=cast.neighbour, **said)
    with pytest.raises(ValidationError, match="写身份"):
        actions.tie(enterprise=cast.firm, **{**said, "employees": " "})
    actions.end_tie(tie=made, on=DAY + timedelta(days=9), by=cast.party_specialist)
    assert Tie.objects.get().until == DAY + timedelta(days=9)


@pytest.mark.parametrize(
    "who", ["stranger", "enterprise_user", "nobody", "econ_specialist", "district_operator", "property_manager"]
)
def test_ties_are_party_information(client, cast, member, who):
    user = cast.users[who]
    said = {"member": member, "enterprise": cast.firm, "park": cast.park, "employees": "工会小组长", "since": DAY}
    actions.tie(**said, by=cast.party_specialist)
    assert not access.seen_by(user, Tie).exists()
    with pytest.raises(PermissionDenied):
        actions.tie(**said, by=user)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("organisation:ties")).status_code == 403


def test_a_centre_counts_by_month_and_unknown_is_not_zero(client, cast):
    centre = actions.open_centre(place=cast.street, name="骑手之家", since=today(), by=cast.street_leader)
    service = centre.services.first()
    months = queries_matrix.months_before(today())
    actions.count_service(service=service, month=today(), number=0, by=cast.public_affairs_specialist)
    actions.count_service(service=service, month=today(), number=12, by=cast.public_affairs_specialist)
    assert CentreCount.objects.get().number == 12
    assert dict(queries_matrix.used(centre, months))[service] == [None] * 5 + [12]
    for month in (today() + timedelta(days=40), today() - timedelta(days=40)):
        with pytest.raises(ValidationError, match="月份"):
            actions.count_service(service=service, month=month, number=1, by=cast.street_leader)
    for who in ("econ_specialist", "stranger", "enterprise_user", "nobody"):
        with pytest.raises(PermissionDenied):
            actions.count_service(service=service, month=today(), number=1, by=cast.users[who])
    assert months == sorted(months)
    assert len(months) == 6


def test_the_pages_of_ties_and_centres(client, cast, member):
    client.force_login(cast.community_secretary, backend="allauth.account.auth_backends.AuthenticationBackend")
    asked = {
        "member": member.pk,
        "park": cast.park.pk,
        "enterprise": cast.firm.uscc,
        "employees": "工会小组长",
        "since": "2026-03-02",
    }
    wrong = client.post(reverse("organisation:tie"), {**asked, "enterprise": cast.far_firm.uscc})
    assert "没有找到唯一的一家企业" in wrong.content.decode()
    assert client.post(reverse("organisation:tie"), asked).status_code == 302
    assert "工会小组长" in client.get(reverse("organisation:ties") + "?q=许").content.decode()
    client.post(reverse("organisation:end_tie", args=[Tie.objects.get().pk]), {"on": "2026-03-09"})
    assert Tie.objects.get().until == date(2026, 3, 9)
    client.post(
        reverse("organisation:open_centre"),
        {"name": "骑手之家", "place": cast.community.pk, "address": "1号", "since": "2026-03-02"},
    )
    centre = ServiceCentre.objects.get()
    assert "骑手之家" in client.get(reverse("organisation:centres")).content.decode()
    client.post(reverse("organisation:add_centre_service", args=[centre.pk]), {"name": "代买药", "unit": "次"})
    service = centre.services.get(name="代买药")
    client.post(
        reverse("organisation:count_service", args=[centre.pk]),
        {"service": service.pk, "month": str(today()), "number": "31"},
    )
    page = client.get(reverse("organisation:centre", args=[centre.pk])).content.decode()
    assert "31" in page
    assert "未登记" in page
