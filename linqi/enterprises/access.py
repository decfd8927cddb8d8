"""Who may see and change what is known of enterprises."""

from django.db.models import Exists, OuterRef, Q

from linqi.accounts.queries import valid_on
from linqi.enterprises.models import Claim, Enterprise, Fact, Import, ImportRow, Pair, Tenancy
from linqi.kit.access import (
    COMMUNITY_STAFF,
    NOTHING,
    STREET_STAFF,
    Reach,
    Role,
    Scope,
    allow,
    by,
    by_enterprise,
    by_place,
    scope,
)
from linqi.kit.clock import today
from linqi.kit.privacy import Kept, declare
from linqi.territory.models import Coverage

allow(
    "enterprises.see",
    *STREET_STAFF,
    Role.DEPARTMENT_HANDLER,
    Role.PROPERTY_MANAGER,
    Role.ENTERPRISE_USER,
    label="查看企业",
)
allow("enterprises.see_secrets", *STREET_STAFF, Role.ENTERPRISE_USER, label="查看商业秘密")
allow("enterprises.see_personal", *COMMUNITY_STAFF, label="查看个体户姓名")
allow("enterprises.edit", Role.STREET_LEADER, *COMMUNITY_STAFF, label="维护企业")
allow("enterprises.export", *STREET_STAFF, label="导出企业")
allow("enterprises.import", Role.DISTRICT_OPERATOR, Role.STREET_LEADER, *COMMUNITY_STAFF, label="导入企业")
allow("enterprises.claim", *COMMUNITY_STAFF, Role.PROPERTY_MANAGER, Role.ENTERPRISE_USER, label="上报信息")
allow("enterprises.read_licence", Role.STREET_LEADER, *COMMUNITY_STAFF, Role.PROPERTY_MANAGER, label="识读营业执照")
allow("enterprises.confirm", *COMMUNITY_STAFF, label="核实信息")
allow("enterprises.resolve", Role.STREET_LEADER, *COMMUNITY_STAFF, label="处理疑似同企")


def _standing(column: str) -> Scope:
    """Rows whose place stands at or below a place of the grant, asked row by row.

    The same rows as `by_place`, in the form that lets a page of 50 stop after 50: on 24,000 enterprises, making a list
    of all 30,000 places below a street first cost 10 to 25 ms each time (measured with bench/list.py).
    """

    def condition(reach: Reach, permission: str) -> Q:
        places = reach.places(permission)
        if not places:
            return NOTHING
        standing = Coverage.objects.filter(valid_on(today()), ancestor__in=places, descendant=OuterRef(column))
        return Q(Exists(standing))

    return by(condition)


def _at_home(column: str) -> Scope:
    """Rows of an enterprise that is, or was, at a place of the grant; `column` leads to the enterprise."""

    def condition(reach: Reach, permission: str) -> Q:
        below = _standing("place").condition(reach, permission)
        if below == NOTHING:
            return NOTHING
        return Q(Exists(Tenancy.objects.filter(below, enterprise=OuterRef(column))))

    return by(condition)


def _merged(reach: Reach, permission: str) -> Q:
    """A merged record is nowhere any more: whoever sees the one that is left is led there from the old address."""
    home = _at_home("merged_into").condition(reach, permission)
    return NOTHING if home == NOTHING else Q(merged_into__isnull=False) & home


scope(Enterprise, "enterprises.see", _at_home("pk") | by_enterprise("pk") | by(_merged))
scope(Tenancy, "enterprises.see", _standing("place") | by_enterprise("enterprise"))
scope(Fact, "enterprises.see", _at_home("enterprise") | by_enterprise("enterprise"))
scope(Claim, "enterprises.see", _at_home("enterprise") | by_enterprise("enterprise"))
scope(Import, "enterprises.import", by_place("street"))
scope(ImportRow, "enterprises.import", by_place("batch__street"))
scope(Pair, "enterprises.resolve", _at_home("left") | _at_home("right"))  # a merged record is nowhere any more

# The name of a self-employed person is a person's name; his address may be his home.
declare(
    Enterprise,
    personal={"name": Kept.FILE, "name_key": Kept.FILE, "registered_address": Kept.FILE},
    plain=[
        "uscc",
        "old_number",
        "capital_currency",
        "registration_region",
        "business_scope",
        "industry_code",
        "industry_source",
        "source",
    ],
)
declare(Tenancy, plain=["room", "source"])
declare(Fact, personal={"value": Kept.FILE, "recorded_by": Kept.FILE}, plain=["key", "period", "source"])
declare(
    Claim,
    personal={"value": Kept.FILE, "entered_by": Kept.FILE, "decided_by": Kept.FILE, "reason": Kept.FILE},
    plain=["key", "period", "said_by", "origin", "before"],
)
declare(
    Import,
    personal={"file": Kept.IMPORT, "by": Kept.IMPORT},
    plain=["file_name", "sha256", "source", "counts", "error"],
)
declare(
    ImportRow, personal={"name": Kept.IMPORT, "before": Kept.IMPORT, "after": Kept.IMPORT}, plain=["reason", "uscc"]
)
declare(Pair, personal={"before": Kept.FILE, "decided_by": Kept.FILE}, plain=["reasons"])
