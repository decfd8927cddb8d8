"""What is counted of bins, what the search box finds, and how purity is shown."""

from datetime import timedelta

import pytest
from django.urls import reverse

from linqi.enterprises.models import Tenancy
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.measures import Span
from linqi.search.queries import found
from linqi.waste import measures
from linqi.waste.actions import registry
from linqi.waste.models import Clue, DeviceState


def clue(yard, ago, looked_after=None, state="refuted"):
    at = clock.now() - ago
    looked = None if looked_after is None else at + looked_after
    return Clue.objects.create(
        bin=yard.bin,
        point=yard.point,
        kind="mixed",
        witness="device",
        at=at,
        raised_at=at,
        state="waiting" if looked is None else state,
        looked_at=looked,
        looked_by=None if looked is None else yard.cast.governance_specialist,
    )


def span(days=30):
    return Span(clock.today() - timedelta(days=days), clock.today())


def test_a_share_of_no_bins_is_unknown(cast):
    for count in (measures.bins_reporting, measures.looked_in_time, measures.pure):
        assert count(span(), cast.street.pk) is None


def test_a_bin_without_a_device_does_not_report(yard):
    street = yard.cast.street.pk
    assert measures.bins_reporting(span(), street) == 0
    DeviceState.objects.create(device=yard.device, last_at=int(clock.now().timestamp() * 1000))
    assert measures.bins_reporting(span(), street) == 0.5
    assert measures.bins_reporting(span(), yard.cast.far_street.pk) is None


def test_a_clue_counts_as_late_only_once_its_day_is_over(yard):
    street = yard.cast.street.pk
    clue(yard, timedelta(hours=2))
    assert measures.looked_in_time(span(), street) is None
    clue(yard, timedelta(days=3), timedelta(hours=5))
    clue(yard, timedelta(days=3), timedelta(hours=25))
    clue(yard, timedelta(days=3))
    assert measures.looked_in_time(span(), street) == pytest.approx(1 / 3)


def test_purity_stands_by_month_park_and_building_with_its_interval(as_, yard):
    browser = as_("governance_specialist")
    assert "还没有由人看过的投放" in browser.get(reverse("waste:purity")).content.decode()
    for n in range(10):
        clue(yard, timedelta(hours=n), timedelta(minutes=1), "confirmed" if n == 0 else "refuted")
    hidden = browser.get(reverse("waste:purity")).content.decode()
    assert "90.0%" not in hidden, "a building with few enterprises would be a list of enterprises"
    for firm in (yard.cast.neighbour, yard.cast.far_firm):
        Tenancy.objects.create(
            enterprise=firm,
            place=yard.cast.unit,
            relation="both",
            since=clock.today() - timedelta(days=90),
            source="测试",
        )
    page = browser.get(reverse("waste:purity")).content.decode()
    assert "90.0%" in page
    assert "云谷一园" in page
    assert "一号楼" in page
    assert measures.pure(span(), yard.cast.street.pk) == 0.9
    narrowed = browser.get(reverse("waste:purity"), {"park": yard.cast.park.pk, "export": "csv"})
    assert "一号楼,10,9,0.9" in b"".join(narrowed.streaming_content).decode("utf-8-sig")


def test_bins_and_points_are_found_in_ones_own_street_while_they_are_there(yard):
    user, stranger = yard.cast.governance_specialist, yard.cast.stranger

    def titles(who, text):
        return {hit.title for group in found(who, text, 5) for hit in group.hits}

    assert "QT-001" in titles(user, "QT-001")
    assert "一楼东侧投放点" in titles(user, "东侧投放")
    assert not titles(stranger, "QT-001")
    registry.end_bin(bin=yard.perishable, by=SYSTEM)
    assert "QT-002" not in titles(user, "QT-002")


def test_the_page_of_a_building_shows_its_bins_to_who_may_see_them(as_, yard):
    page = reverse("dashboards:building", args=[yard.cast.building.pk])
    said = as_("governance_specialist").get(page).content.decode()
    assert "QT-001" in said
    assert "未了任务 0" in said
    manager = as_("property_manager").get(page).content.decode()
    assert "QT-001" in manager
    assert "未了任务" not in manager
