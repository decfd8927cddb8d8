"""Who may see and change departments, link teams, bodies and people.

Party information is a space of its own: who may see the organisation does not yet see the Party matrix in it.
"""

from typing import Final

from django.db.models import Q

from linqi.kit.access import NOTHING, STREET_STAFF, Reach, Role, Scope, allow, by, by_department, by_place, scope
from linqi.kit.privacy import Kept, declare
from linqi.organisation.models import (
    Body,
    BodySeat,
    CentreCount,
    CentreService,
    Company,
    Department,
    Employment,
    HandOver,
    LinkTeam,
    LinkTeamSeat,
    Mandate,
    Person,
    PostHolding,
    Roster,
    ServiceCentre,
    Substitution,
    Tie,
)
from linqi.organisation.rules import MATRIX

SEE: Final = "organisation.see"
PARTY_SEE: Final = "organisation.party_see"
PARTY_EDIT: Final = "organisation.party_edit"

allow("organisation.see", *STREET_STAFF, Role.DEPARTMENT_HANDLER, Role.PROPERTY_MANAGER, label="查看组织")
allow("organisation.edit", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="维护组织")
allow(
    "organisation.party_see",
    Role.STREET_LEADER,
    Role.COMMUNITY_SECRETARY,
    Role.PARTY_SPECIALIST,
    label="查看党建信息",
)
allow(
    "organisation.party_edit",
    Role.STREET_LEADER,
    Role.COMMUNITY_SECRETARY,
    Role.PARTY_SPECIALIST,
    label="维护党建信息",
)
allow(
    "organisation.count",
    Role.STREET_LEADER,
    Role.COMMUNITY_SECRETARY,
    Role.PARTY_SPECIALIST,
    Role.PUBLIC_AFFAIRS_SPECIALIST,
    label="登记服务中心服务量",
)
allow("organisation.people_see", Role.STREET_LEADER, Role.COMMUNITY_SECRETARY, label="查看用工关系")


def by_body(prefix: str, place: str) -> Scope:
    """Bodies at or below a place of the grant: those of the matrix by the Party permission, the others by the plain one."""

    def condition(reach: Reach, permission: str) -> Q:
        party = Q(**{f"{prefix}kind__in": MATRIX})
        if permission != SEE:
            return by_place(place).condition(reach, permission) & (party if permission == PARTY_EDIT else ~party)
        found = [
            (by_place(place).condition(reach, SEE), ~party),
            (by_place(place).condition(reach, PARTY_SEE), party),
        ]
        parts = [where & which for where, which in found if where != NOTHING]
        return parts[0] if len(parts) == 1 else parts[0] | parts[1] if parts else NOTHING

    return by(condition)


scope(Department, "organisation.see", by_place("street") | by_department("pk"))
scope(LinkTeam, "organisation.see", by_place("building"))
scope(LinkTeamSeat, "organisation.see", by_place("team__building"))
scope(Substitution, "organisation.see", by_place("seat__team__building"))
scope(HandOver, "organisation.see", by_place("seat__team__building"))
scope(Body, "organisation.see", by_body("", "place"))
scope(BodySeat, "organisation.see", by_body("body__", "body__place"))
scope(Person, "organisation.see", by_place("place"))
scope(PostHolding, "organisation.see", by_place("community"))
scope(Company, "organisation.see", by_place("place"))
scope(Mandate, "organisation.see", by_place("place"))
scope(Tie, "organisation.party_see", by_place("park"))
scope(ServiceCentre, "organisation.see", by_place("place"))
scope(CentreService, "organisation.see", by_place("centre__place"))
scope(CentreCount, "organisation.see", by_place("service__centre__place"))
scope(Roster, "organisation.edit", by_place("place"))
scope(Employment, "organisation.people_see", by_place("person__place"))

declare(Department, plain=["code", "name"])
declare(LinkTeam, plain=["name"])
declare(LinkTeamSeat, personal={"user": Kept.FILE})
declare(Substitution, personal={"user": Kept.FILE})
declare(HandOver, personal={"note": Kept.FILE})
declare(Body, plain=["name"])
declare(Person, personal={"name": Kept.FILE, "user": Kept.ACCOUNT})
declare(Company, plain=["name"])
declare(Roster, personal={"rows": Kept.IMPORT, "made_by": Kept.IMPORT}, plain=["file_name", "made"])
declare(Tie, personal={"employees": Kept.FILE})
declare(ServiceCentre, plain=["name", "address"])
declare(CentreService, plain=["name", "unit"])
