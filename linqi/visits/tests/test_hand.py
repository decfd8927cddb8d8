"""The doors of the page in the hand: what anybody gets, what only a device gets, and whose buildings it opens."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from linqi.visits.actions import hand
from linqi.visits.views.door import MODULES


@pytest.fixture
def token(cast, street):
    return hand.register_device(name="手机", by=cast.econ_specialist)[1]


def get(name, said=None, token=""):
    return Client().get(reverse(f"visits:{name}"), said, headers={"Authorization": f"Device {token}"})


def test_the_frame_its_program_and_its_manifest_hold_nothing_of_anybody(cast, street):
    for name in ("hand", "worker", "manifest"):
        answer = Client().get(reverse(f"visits:{name}"))
        assert answer.status_code == 200
        assert cast.firm.name not in answer.content.decode()
    assert json.loads(Client().get(reverse("visits:manifest")).content)["scope"] == reverse("visits:hand")
    served = Client().get(reverse("visits:worker")).content.decode()
    assert all(name in served for name in MODULES)


@pytest.mark.parametrize("name", ["forms", "at"])
def test_without_a_device_in_use_nothing_is_told_and_the_page_forgets(cast, token, name):
    asked = {"b": cast.building.pk}
    assert get(name, asked, token=token).status_code == 200
    assert get(name, asked).json()["wipe"] is True
    hand.revoke_device(device=hand.device_by_token(token), by=cast.econ_specialist)
    stopped = get(name, asked, token=token)
    assert stopped.status_code == 401
    assert stopped.json()["wipe"] is True


def test_the_forms_offer_what_the_desk_offers(cast, token):
    told = get("forms", token=token).json()
    assert [cast.building.pk, cast.building.name] in told["buildings"]
    assert "employees" in [key for key, _label in told["facts"]]
    assert told["categories"]
    assert "负责人" in told["met"]


def test_a_building_opens_only_to_who_visits_there(cast, token, as_):
    told = get("at", {"b": cast.building.pk}, token=token).json()
    assert cast.firm.pk in [pk for pk, _name in told["firms"]]
    with pytest.raises(ValidationError):
        hand.register_device(name=" ", by=cast.econ_specialist)
    stranger = hand.register_device(name="手机", by=cast.stranger)[1]
    assert get("at", {"b": cast.building.pk}, token=stranger).status_code == 404
    assert get("at", {"b": "x"}, token=token).status_code == 404


def test_a_label_shows_its_own_buildings_code_and_no_strangers(cast, street, as_):
    page = as_("econ_specialist").get(reverse("visits:label", args=[cast.building.pk]))
    assert f"{reverse('visits:hand')}?b={cast.building.pk}" in page.content.decode()
    assert "<svg" in page.content.decode()
    assert as_("stranger").get(reverse("visits:label", args=[cast.building.pk])).status_code in {403, 404}
    assert as_("enterprise_user").get(reverse("visits:label", args=[cast.building.pk])).status_code == 403
