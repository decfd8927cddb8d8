"""The cast: two small streets and the people in them; every test of the house draws from it.

前滩街道 is the street of the insiders, 远山街道 that of the strangers. Names and codes are made up.
"""

import itertools
from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import settings as properties

from linqi.kit.access import Role

properties.register_profile("untimed", deadline=None)  # how long an example takes says nothing of the code
properties.load_profile("untimed")

MONDAY = date(2026, 3, 2)


@dataclass
class Cast:
    """Who is on stage; attributes are filled by the fixture `cast`."""

    places: dict = field(default_factory=dict)
    users: dict = field(default_factory=dict)
    enterprises: dict = field(default_factory=dict)
    departments: dict = field(default_factory=dict)

    def __getattr__(self, name):
        for group in ("places", "users", "enterprises", "departments"):
            if name in self.__dict__.get(group, {}):
                return self.__dict__[group][name]
        raise AttributeError(name)


@pytest.fixture(autouse=True)
def nothing_remembered():
    """What is kept in memory between requests belongs to one database, and each test has its own."""
    from linqi.cases import comparing, understanding
    from linqi.waste import door

    yield
    door.forget()
    comparing.forget()
    understanding.forget()


@pytest.fixture
def cast(db):
    """Two streets with a community, a park, a building, a floor, two units each; two enterprises; a user of each role.

    Places: district, street, community, park, building, floor, unit, unit2; far_street … far_unit.
    Enterprises: firm (at unit), neighbour (at unit2), far_firm (at far_unit).
    Users: one per kit.access.Role (named by its code) over `street`; enterprise_user over `firm`;
    department_handler over departments `economy`; property_manager over `building`; stranger: an econ specialist of far_street;
    far_enterprise_user over far_firm; nobody: signed in, holds nothing.
    """
    from linqi.accounts.actions import sync_roles
    from linqi.accounts.models import Grant, RoleRecord, User
    from linqi.enterprises.models import Enterprise, Relation, Tenancy
    from linqi.kit.identifiers import make_uscc
    from linqi.organisation.models import Department
    from linqi.territory.actions import rebuild_coverage
    from linqi.territory.models import Place, Placement

    sync_roles()
    began = date(2020, 1, 1)
    cast = Cast()

    def place(key, kind, name, parent=None, **extra):
        made = Place.objects.create(kind=kind, code=f"t-{key}", name=name, since=began, **extra)
        if parent:
            Placement.objects.create(child=made, parent=cast.places[parent], since=began)
        cast.places[key] = made

    place("district", "district", "滨湖区")
    for prefix, street, number in (("", "前滩街道", "一"), ("far_", "远山街道", "二")):
        place(f"{prefix}street", "street", street, "district")
        place(f"{prefix}community", "community", f"创新{number}社区", f"{prefix}street", community_kind="established")
        place(f"{prefix}park", "park", f"云谷{number}园", f"{prefix}community")
        place(f"{prefix}building", "building", f"{number}号楼", f"{prefix}park")
        place(f"{prefix}floor", "floor", "3层", f"{prefix}building", level=3)
        place(f"{prefix}unit", "unit", "301室", f"{prefix}floor")
        place(f"{prefix}unit2", "unit", "302室", f"{prefix}floor")
    rebuild_coverage()

    numbers = itertools.count(1)

    def firm(key, name, unit):
        n = next(numbers)
        made = Enterprise.objects.create(
            uscc=make_uscc("9", "1", "330110", f"MA00000{n}"),
            name=name,
            name_key=name,
            entity_type="company",
            established_on=date(2024, 5, 6),
            seat=cast.places[unit],
            source="测试",
            as_of=MONDAY,
        )
        Tenancy.objects.create(
            enterprise=made, place=cast.places[unit], relation=Relation.BOTH, since=date(2024, 6, 1), source="测试"
        )
        cast.enterprises[key] = made

    firm("firm", "滨湖晴川科技有限公司", "unit")
    firm("neighbour", "滨湖南岭智能制造有限公司", "unit2")
    firm("far_firm", "滨湖远山贸易有限公司", "far_unit")
    for prefix in ("", "far_"):
        for code, name in (("economy", "经济发展科"), ("safety", "应急管理科")):
            cast.departments[f"{prefix}{code}"] = Department.objects.create(
                street=cast.places[f"{prefix}street"], code=code, name=name, since=began
            )

    def user(key, role, **over):
        made = User.objects.create_user(username=key, display_name=key)
        if role:
            Grant.objects.create(user=made, role=RoleRecord.objects.get(code=role), since=began, **over)
        cast.users[key] = made

    over_street = {"place": cast.places["street"]}
    for role in Role:
        over = {
            Role.DISTRICT_OPERATOR: {"place": cast.places["district"]},
            Role.ENTERPRISE_USER: {"enterprise": cast.enterprises["firm"].pk},
            Role.DEPARTMENT_HANDLER: {"department": cast.departments["economy"].pk},
            Role.PROPERTY_MANAGER: {"place": cast.places["building"]},
        }.get(role, over_street)
        user(role.value, role, **over)
    user("stranger", Role.ECON_SPECIALIST, place=cast.places["far_street"])
    user("far_enterprise_user", Role.ENTERPRISE_USER, enterprise=cast.enterprises["far_firm"].pk)
    user("nobody", None)
    return cast
