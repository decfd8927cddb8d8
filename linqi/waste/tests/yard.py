"""A point with two bins at the building of the insiders, and the short ways to make more."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.organisation.models import Company
from linqi.waste.actions import registry


@dataclass
class Yard:
    """What stands in the building; `began` is ten days ago."""

    cast: Any
    point: Any
    bin: Any
    perishable: Any
    device: Any
    company: Any
    began: Any

    def at(self, days):
        """A moment so many days after it began."""
        return self.began + timedelta(days=days)

    def another_point(self, name="二楼投放点", **said):
        told = {"place": self.cast.floor, "kind": "drop", "name": name, "since": self.began.date(), **said}
        return registry.make_point(**told, by=SYSTEM)


@pytest.fixture
def yard(cast):
    """A point of the building since ten days ago with a residual and a perishable bin, a chip on the first."""
    began = clock.now() - timedelta(days=10)
    day = began.date()
    point = registry.make_point(place=cast.building, kind="drop", name="一楼东侧投放点", since=day, by=SYSTEM)
    bin_ = registry.make_bin(code="QT-001", stream="residual", point=point, since=began, litres=240, by=SYSTEM)
    wet = registry.make_bin(code="QT-002", stream="perishable", point=point, since=began, litres=120, by=SYSTEM)
    device = registry.make_device(serial="chip-001", kind="chip", place=cast.building, by=SYSTEM)
    registry.fit(device=device, bin=bin_, since=began, by=SYSTEM)
    company = Company.objects.create(place=cast.street, kind="property", name="前滩物业", since=day)
    return Yard(cast, point, bin_, wet, device, company, began)


@pytest.fixture
def as_(client, cast):
    """The browser of one of the cast."""

    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
