"""The articles that bind going to see, and whether this installation keeps each today: looked at in the data, never written down 合规自查.

Only what docs name is claimed: 国办函〔2026〕12号 as the domain dossier has it (its five 不得, not numbered there), and the articles of the
Personal Information Protection Law 个人信息保护法 that the dossier maps to requirements. What an article asks is told in our own words. A state is
met, not met, or cannot be told from here; a thing that cannot be seen by a program is never called met.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from inspect import signature
from typing import Any, Final

from csp.constants import NONCE, NONE, SELF
from django import forms as django_forms
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.accounts.models import Grant, User
from linqi.accounts.queries import grants_valid, valid_on
from linqi.enterprises.models import Claim, Fact
from linqi.kit import clock, privacy
from linqi.kit.access import PERMISSIONS, Role, reach_of, seen_by
from linqi.kit.choices import Choice
from linqi.kit.measures import measures
from linqi.territory.models import Coverage, PlaceKind
from linqi.ui.context import OPENS
from linqi.visits import forms, queries
from linqi.visits.actions.keeping import EVERY
from linqi.visits.flow import State
from linqi.visits.models import Dated, Device, Erasure, Finding, Operation, Photo, Spot, Visit
from linqi.visits.rules import patrol
from linqi.visits.rules.patrol import PATROLS

LATELY: Final = timedelta(days=90)  # how far back the data are looked at; product default
ENOUGH: Final = 20  # visits from which on "always" is worth a question; product default
MOST_SHOWN: Final = 20  # rows named beside a state
PHONE: Final = r"(^|[^0-9])1[3-9][0-9]{9}([^0-9]|$)"  # a mobile number
IDENTITY: Final = r"(^|[^0-9])[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9Xx]([^0-9]|$)"
DAY: Final = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
WHERE: Final = frozenset({"lat", "lon", "latitude", "longitude", "track", "route", "position", "positions", "geometry"})

# Hours and numbers that may stand beside a person in this app, and why none of them is a clock or a score. What is not here is a finding.
HOURS: Final = frozenset(
    {
        "Device.registered_at", "Device.ends_at", "Device.seen_at", "Device.revoked_at", "Device.wiped_at",  # of the device
        "Operation.said_at", "Operation.happened_at", "Operation.received_at",  # its owner's only; nothing but the day after a month
        "FieldConflict.said_at", "FieldConflict.settled_at",  # which of two was said first
        "WeekPlan.made_at", "WeekPlan.confirmed_at", "WeekPlan.searched_at", "PlanFeed.made_at", "BuildingRota.set_at",  # of plans
    }
)  # fmt: skip
NUMBERS: Final = frozenset(
    {
        "Visit.edition", "Photo.size", "Spot.lat", "Spot.lon", "Spot.within", "Device.clock_off", "Operation.seq", "Device.taken",
        "BuildingRota.visits", "BuildingRota.opens", "BuildingRota.closes", "WeekPlan.searched",
        "PlanShift.begins", "PlanShift.ends",  # when somebody is planned to be out, never when they were
    }
)  # fmt: skip


class Kept(Choice):
    """Whether an article is kept here today 自查状态."""

    UNMET = "unmet", "没做到"
    UNKNOWN = "unknown", "不能判断"
    MET = "met", "做到"


@dataclass(frozen=True, slots=True)
class Found:
    """What was seen: the state, why, what to do, where; `rows`: some of what stands against it, as words and address."""

    state: Kept
    why: str
    remedy: str = ""
    url: str = ""
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """One article and how going to see keeps it; `proof`: the tests that try it in the product 条款."""

    key: str
    law: Any
    article: Any
    asks: Any
    keeps: Any
    check: Callable[["Look"], Found]
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """An article with what was found."""

    article: Article
    found: Found

    @property
    def pk(self) -> str:
        """By what it is told apart in a list."""
        return self.article.key


def self_check(user: Any, *, now: datetime) -> list[Checked]:
    """Each article with its state in this installation, as far as the places of the user reach 自查."""
    look = Look(user, now)
    return [Checked(article, article.check(look)) for article in ARTICLES]


# --- what is looked at ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Look:
    """Who looks, and when; every row comes from the places at which they hold `visits.check`."""

    user: Any
    now: datetime

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(clock.ZONE).date()

    @cached_property
    def visits(self) -> QuerySet[Visit]:
        return seen_by(self.user, Visit, "visits.check")

    @cached_property
    def done(self) -> QuerySet[Visit]:
        """Visits that took place lately."""
        return self.visits.filter(state=State.DONE, visited_on__gte=self.today - LATELY)

    @cached_property
    def places(self) -> tuple[int, ...]:
        return tuple(reach_of(self.user).places("visits.check"))

    @cached_property
    def devices(self) -> QuerySet[Device]:
        """Devices of whoever holds or held a role at these places."""
        below = Coverage.objects.filter(valid_on(self.today), ancestor__in=self.places).values("descendant")
        return Device.objects.filter(owner__in=Grant.objects.filter(place__in=below).values("user"))


def _met(why: str) -> Found:
    return Found(Kept.MET, why)


def _visit_rows(rows: Iterable[Visit]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{one.visited_on or one.planned_for} {one.enterprise}", reverse("visits:detail", args=[one.pk]))
        for one in rows
    )


# --- 国办函〔2026〕12号 ---------------------------------------------------------------------------------------------------
def watched() -> list[type[models.Model]]:
    """The tables of this app that lead to a person: where a clock or a score of persons would have to stand.

    Dated settings are left out: the person there is who set them, the numbers are the setting's.
    """
    person = get_user_model()
    return [
        model
        for model in apps.get_app_config("visits").get_models()
        if not issubclass(model, Dated)
        and any(getattr(field, "related_model", None) in {person, Device} for field in model._meta.get_fields())
    ]


def _fields(kinds: tuple[type[models.Field[Any, Any]], ...], allowed: frozenset[str]) -> list[str]:
    """Fields of these kinds in the tables of persons that nobody has given a reason for."""
    told = []
    for model in watched():
        for field in model._meta.get_fields():
            name = f"{model.__name__}.{field.name}"
            if isinstance(field, kinds) and not field.is_relation and not getattr(field, "primary_key", False):
                told += [] if name in allowed else [name]
    return told


def no_check_in(look: Look) -> Found:
    """No table keeps when a person came or left."""
    hours = (models.DateTimeField, models.TimeField, models.DurationField)
    if found := _fields(hours, HOURS):
        return Found(
            Kept.UNMET,
            _("有数据表在人员旁边记时刻：%(fields)s。") % {"fields": "、".join(found)},
            _("这样的字段可能变成考勤。请联系开发人员删除，或说明理由后列入清单（visits/lawful.py）。"),
        )
    left = Operation.objects.filter(
        visit__in=look.visits,
        erased_on=None,
        received_at__lt=look.now - timedelta(days=patrol.OPERATION_DAYS) - 2 * EVERY,
    ).count()
    if left:
        return Found(
            Kept.UNMET,
            _("%(n)s 条设备操作过了 %(days)s 天还留着时刻，能看出谁几点在做什么。")
            % {"n": left, "days": patrol.OPERATION_DAYS},
            _("到期清除没有运行，请运维人员检查 linqi serve 的后台任务，或运行 linqi tick。"),
        )
    return _met(
        _("走访只记日期，不记到达和离开的时刻；设备操作的时刻只有本人可见，%(days)s 天后只留日期。")
        % {"days": patrol.OPERATION_DAYS}
    )


def no_ranking(look: Look) -> Found:
    """No table keeps a score of a person, and no measure counts by person."""
    numbers = (models.IntegerField, models.FloatField, models.DecimalField)
    wrong = _fields(numbers, NUMBERS)
    wrong += [
        one.key
        for one in measures()
        if one.key.startswith("visits.") and tuple(signature(one.count).parameters) != ("span", "place")
    ]
    if wrong:
        return Found(
            Kept.UNMET,
            _("有按人员记数的字段或指标：%(names)s。") % {"names": "、".join(wrong)},
            _("请联系开发人员删除，或说明理由后列入清单（visits/lawful.py）。"),
        )
    counted = sum(one.key.startswith("visits.") for one in measures())
    return _met(_("%(n)s 项走访指标都只按时段和地点计数，没有一项按人；没有积分，没有人员排名。") % {"n": counted})


def _may_be_picture(field: django_forms.FileField) -> bool:
    """Whether a field for a file would take a picture; a field for spreadsheets says so itself."""
    accepted = str(field.widget.attrs.get("accept", ""))
    return not accepted or "image" in accepted


def no_forced_photo(look: Look) -> Found:
    """No form of a visit makes anybody hand in a picture; and whether people hand in one every time all the same."""
    asked = [
        f"{form.__name__}.{name}"
        for form in vars(forms).values()
        if isinstance(form, type) and issubclass(form, django_forms.Form)
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, django_forms.FileField) and field.required and _may_be_picture(field)
    ]
    if asked:
        return Found(
            Kept.UNMET,
            _("有走访表单要求必须传文件：%(names)s。") % {"names": "、".join(asked)},
            _("请联系开发人员改为选填。"),
        )
    whole = look.done.count()
    held = look.done.filter(Exists(Photo.objects.filter(visit=OuterRef("pk")))).count()
    if whole >= ENOUGH and held == whole:
        return Found(
            Kept.UNKNOWN,
            _("近 90 天 %(n)s 次走访次次带照片。系统不要求，可能有人在系统之外要求。") % {"n": whole},
            _("请问问走访人员：是不是被要求拍照。"),
            reverse("visits:list"),
        )
    return _met(
        _("没有表单要求照片；近 90 天 %(n)s 次走访，其中 %(held)s 次留有照片，由走访人自己决定。")
        % {"n": whole, "held": held}
    )


def no_track(look: Look) -> Found:
    """Only patrols hold a place, each one at most; no other table of this app can hold one."""
    elsewhere = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("visits").get_models()
        for field in model._meta.get_fields()
        if model is not Spot and field.name in WHERE
    ]
    if elsewhere:
        return Found(
            Kept.UNMET,
            _("位置还可能存在别处：%(names)s。") % {"names": "、".join(elsewhere)},
            _("位置只能存在可以撤回、到期清除的地方。请联系开发人员。"),
        )
    held = Spot.objects.filter(visit__in=look.visits)
    wrong = held.exclude(visit__kind__in=[kind.value for kind in PATROLS]).select_related("visit__enterprise")
    if count := wrong.count():
        return Found(
            Kept.UNMET,
            _("%(n)s 次普通走访留有位置。只有安全、应急巡查可以留。") % {"n": count},
            _("请留位置的人在走访页上撤回，或请运维人员删除。"),
            rows=_visit_rows(one.visit for one in wrong[:MOST_SHOWN]),
        )
    return _met(
        _("普通走访没有一次留有位置；安全、应急巡查现存位置 %(n)s 处，每次巡查至多一处，不成轨迹。")
        % {"n": held.count()}
    )


def no_repeat(look: Look) -> Found:
    """Whether visits brought what was known already."""
    since = look.today - LATELY
    told = Claim.objects.filter(findings__visit__in=look.visits, said_on__gte=since)
    known = Fact.objects.filter(
        enterprise=OuterRef("enterprise"), key=OuterRef("key"), period=OuterRef("period"), value=OuterRef("value"),
        superseded_on=None, as_of__lt=OuterRef("said_on"), as_of__gte=since - timedelta(days=275),
    )  # fmt: skip
    again = told.filter(Exists(known)).exclude(fact__isnull=False).distinct().count()
    whole = told.distinct().count()
    if again:
        return Found(
            Kept.UNKNOWN,
            _("近 90 天走访填报的 %(n)s 项信息里，有 %(again)s 项一年内已经知道，且内容相同。")
            % {"n": whole, "again": again},
            _("可能是核对，也可能是被要求重复填报。请问问走访人员；已知的不必再问。"),
            reverse("visits:list"),
        )
    return _met(
        _("近 90 天走访填报 %(n)s 项信息，没有一项是已知内容重复填报；走访单带出已知信息和上次走访。") % {"n": whole}
    )


def no_push(look: Look) -> Found:
    """Everything done on a phone can be done at a desk; and whether anybody still does."""
    try:
        reverse("visits:record_new")
    except NoReverseMatch:
        return Found(Kept.UNMET, _("没有手机就不能记录走访。"), _("请联系开发人员恢复桌面记录页。"))
    whole = look.done.count()
    by_device = look.done.filter(Exists(Operation.objects.filter(visit=OuterRef("pk")))).count()
    if not whole:
        return Found(
            Kept.UNKNOWN, _("近 90 天没有走访，看不出大家用什么记录。"), _("开始走访后再看。"), reverse("visits:list")
        )
    if whole >= ENOUGH and by_device == whole:
        return Found(
            Kept.UNKNOWN,
            _("近 90 天 %(n)s 次走访全部用手机记录，看不出是自愿还是被要求安装。") % {"n": whole},
            _("请说明：不装手机页，也可以在电脑上记录。"),
            reverse("visits:record_new"),
        )
    return _met(
        _("不用安装任何东西，电脑和手机浏览器都能记录；近 90 天 %(n)s 次走访里 %(m)s 次来自手机。没有安装率指标。")
        % {"n": whole, "m": by_device}
    )


def county_level(look: Look) -> Found:
    """The street stands under a district, and somebody of the district runs the installation."""
    above = Coverage.objects.filter(
        valid_on(look.today), descendant__in=look.places, ancestor__kind=PlaceKind.DISTRICT
    ).values("ancestor")
    ours = grants_valid(look.today).filter(
        role__code=Role.DISTRICT_OPERATOR.value, place__in=above, user__is_active=True
    )
    if not ours.exists():
        return Found(
            Kept.UNMET,
            _("没有区（县）一级的运维账号：县级以下单位原则上不得自建。"),
            _("请由区（县）统一部署，并给区级运维人员授权。"),
            reverse("accounts:users"),
        )
    return _met(
        _("由区（县）统一部署，现有区级运维账号 %(n)s 个；街道是租户。") % {"n": ours.values("user").distinct().count()}
    )


def complaint_button(look: Look) -> Found:
    """Suggestions and complaints have a button on every page."""
    if not settings.COMPLAINTS:
        return Found(
            Kept.UNMET,
            _("页面上没有“投诉建议”入口。"),
            _("请运维人员设置 LINQI_COMPLAINTS（网址、mailto: 或 tel:）后重启。"),
        )
    if not settings.COMPLAINTS.startswith(OPENS):
        return Found(
            Kept.UNMET,
            _("“投诉建议”的地址打不开：%(address)s。") % {"address": settings.COMPLAINTS},
            _("LINQI_COMPLAINTS 须以 https:、mailto: 或 tel: 开头。"),
        )
    return _met(_("每一页的账号菜单和随身走访页都有“投诉建议”，通往 %(address)s。") % {"address": settings.COMPLAINTS})


def filed(look: Look) -> Found:
    """The application was filed before going live; the number is told by the operator."""
    if settings.FILED_AS:
        return _met(_("备案编号 %(number)s（运维人员填写，系统不能核验）。") % {"number": settings.FILED_AS})
    return Found(
        Kept.UNMET, _("没有登记备案编号。"), _("上线前应完成备案；备案后请运维人员设置 LINQI_FILED_AS 并重启。")
    )


# --- 个人信息保护法 -------------------------------------------------------------------------------------------------------
def minimum(look: Look) -> Found:
    """Each personal field says how long it is kept, and no number of a person stands in what was written."""
    unsaid = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("visits").get_models()
        for field in model._meta.get_fields()
        if getattr(field, "related_model", None) is get_user_model()
        and field.concrete
        and field.name not in privacy.declared(model).personal
    ]
    if unsaid:
        return Found(
            Kept.UNMET,
            _("有指向个人的字段没有说明保存多久：%(names)s。") % {"names": "、".join(unsaid)},
            _("请联系开发人员在 visits/access.py 里声明。"),
        )
    words = ("met", "summary", "next_step", "why_again")
    numbers = Q()
    for name in words:
        numbers |= Q(**{f"{name}__regex": PHONE}) | Q(**{f"{name}__regex": IDENTITY})
    found = Finding.objects.filter(Q(text__regex=PHONE) | Q(text__regex=IDENTITY), visit=OuterRef("pk"))
    recent = look.visits.filter(planned_for__gte=look.today - timedelta(days=365))
    wrong = recent.filter(numbers | Exists(found)).select_related("enterprise")
    if count := wrong.count():
        return Found(
            Kept.UNMET,
            _("近一年 %(n)s 次走访的文字里有像手机号或身份证号的数字。") % {"n": count},
            _("走访只写身份，不写姓名和号码。请打开下列走访，改写后保存。"),
            rows=_visit_rows(wrong[:MOST_SHOWN]),
        )
    return _met(_("指向个人的字段都说明了保存多久；近一年走访的文字里没有像手机号或身份证号的数字。"))


def consent(look: Look) -> Found:
    """A place is held only with the words its person agreed to; it can be taken back by them."""
    held = Spot.objects.filter(visit__in=look.visits)
    wrong = held.exclude(agreed=patrol.AGREED).select_related("visit__enterprise")
    if count := wrong.count():
        return Found(
            Kept.UNMET,
            _("%(n)s 处位置没有本人对现行说明的同意。") % {"n": count},
            _("请删除这些位置，或由本人重新同意。"),
            rows=_visit_rows(one.visit for one in wrong[:MOST_SHOWN]),
        )
    return _met(
        _("现存位置 %(n)s 处，每处都有本人同意（说明版本 %(version)s），随时可撤回；不同意也照常巡查。")
        % {"n": held.count(), "version": patrol.AGREED}
    )


def notice(look: Look) -> Found:
    """People are told what is kept about them, for how long, and whom to ask; each may read and take along their own."""
    if not settings.PRIVACY_CONTACT:
        return Found(
            Kept.UNMET,
            _("告知页上没有个人信息的联系人。"),
            _("请运维人员设置 LINQI_PRIVACY_CONTACT（部门和电话）后重启。"),
            reverse("visits:my_data"),
        )
    return Found(
        Kept.MET,
        _("每人可在“我的走访数据”看到保存了什么、多久、找谁，并导出；联系人：%(who)s。")
        % {"who": settings.PRIVACY_CONTACT},
        url=reverse("visits:my_data"),
    )


def deletion(look: Look) -> Found:
    """What has ended is gone, and the run that takes it away ran."""
    photos = Photo.objects.filter(visit__in=look.visits, erase_on__lt=look.today).count()
    spots = Spot.objects.filter(visit__in=look.visits, erase_on__lt=look.today).count()
    last = Erasure.objects.order_by("-pk").first()
    remedy = _("请运维人员检查 linqi serve 的后台任务，或运行 linqi tick。")
    if photos or spots:
        return Found(
            Kept.UNMET,
            _("有 %(photos)s 张照片、%(spots)s 处位置过了期限还在。") % {"photos": photos, "spots": spots},
            remedy,
        )
    if last is None:
        return Found(Kept.UNKNOWN, _("到期清除还没有运行过，现在也没有过期的照片和位置。"), remedy)
    said = {"at": last.ran_at.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M")}
    if last.ran_at < look.now - 2 * EVERY:
        return Found(Kept.UNMET, _("到期清除最近一次运行是 %(at)s，已超过两天。") % said, remedy)
    terms = {"photo": settings.VISIT_PHOTO_DAYS, "place": settings.VISIT_PLACE_DAYS, "days": patrol.OPERATION_DAYS}
    return _met(
        _(
            "照片留 %(photo)s 天、位置留 %(place)s 天、设备操作留 %(days)s 天，到期自动清除；最近一次 %(at)s，没有过期的照片和位置。"
        )
        % {**terms, **said}
    )


def contractors(look: Look) -> Found:
    """No device is in use whose owner may no longer visit."""
    using = look.devices.filter(revoked_at=None, ends_at__gt=look.now).select_related("owner")
    roles = [role.value for role in PERMISSIONS["visits.record"].roles]
    mine = set(grants_valid(look.today).filter(role__code__in=roles).values_list("user", flat=True))
    gone = [one for one in using if not one.owner.is_active or not _may_record(one.owner, mine)]
    if gone:
        return Found(
            Kept.UNMET,
            _("%(n)s 台在用设备的主人已停用账号，或不再有走访权限；设备再联网时会清除。") % {"n": len(gone)},
            _("请确认人员已离岗，并请其交还或清除设备。"),
            reverse("accounts:users"),
            rows=tuple((f"{one.owner} · {one.name}", "") for one in gone[:MOST_SHOWN]),
        )
    return _met(_("%(n)s 台在用设备，主人都有账号和走访权限；合同结束、收回角色后设备即失效。") % {"n": len(using)})


def _may_record(owner: User, holders: set[int]) -> bool:
    """By the product's roles at a glance, by the street's own roles when that does not settle it."""
    return owner.pk in holders or "visits.record" in reach_of(owner).permissions


def explained(look: Look) -> Found:
    """Each rule by which a firm comes onto the list, and its place there, has a source that can be read."""
    without = []
    streets = list(queries.streets_with_rules(look.user, look.today, "visits.check"))
    for street in streets:
        without += [
            (f"{street} · {one}", reverse("visits:rules"))
            for one in queries.rules_of(street, look.today)
            if not one.source.strip()
        ]
        order = queries.order_of(street, look.today)
        if order is not None and not order.source.strip():
            without.append((f"{street} · {_('排序')}", reverse("visits:rules")))
    if without:
        return Found(
            Kept.UNMET,
            _("%(n)s 条必访规则没有写依据。") % {"n": len(without)},
            _("请在必访规则页补写依据。"),
            reverse("visits:rules"),
            rows=tuple(without[:MOST_SHOWN]),
        )
    if not streets:
        return Found(Kept.UNKNOWN, _("您的范围里没有街道，看不到必访规则。"), _("请由街道领导查看。"))
    return Found(
        Kept.MET, _("必访规则和排序都写有依据；清单上每家企业点开得分，都能看到为什么。"), url=reverse("visits:must")
    )


def assessed(look: Look) -> Found:
    """The assessment of the impact on personal data is on record, told by the operator."""
    said = settings.IMPACT_ASSESSMENT
    if not said:
        return Found(
            Kept.UNMET,
            _("没有登记个人信息保护影响评估。位置是敏感个人信息，使用前应评估。"),
            _("评估后请运维人员设置 LINQI_IMPACT_ASSESSMENT，写文号和日期，如“影评〔2026〕3号 2026-03-01”。"),
        )
    day = DAY.search(said)
    try:
        made = date(*(int(part) for part in day.groups())) if day else None
    except ValueError:
        made = None
    if made is None or made > look.today:
        return Found(
            Kept.UNMET,
            _("影响评估的登记读不出日期：%(said)s。") % {"said": said},
            _("LINQI_IMPACT_ASSESSMENT 须含不晚于今天的日期，如 2026-03-01。"),
        )
    return _met(
        _("影响评估：%(said)s（运维人员填写，系统不能核验）；报告至少保存三年。查看巡查位置逐次留痕。") % {"said": said}
    )


def at_home(look: Look) -> Found:
    """Pages fetch nothing from other houses; where the server stands cannot be seen from inside."""
    allowed = {SELF, NONE, NONCE, "data:", "blob:"}
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    foreign = sorted({str(one) for listed in directives.values() for one in _sources(listed) if one not in allowed})
    if foreign:
        return Found(
            Kept.UNMET,
            _("网页可以从外部地址取内容：%(hosts)s。") % {"hosts": "、".join(foreign)},
            _("请运维人员从 CONTENT_SECURITY_POLICY 里去掉外部地址。"),
        )
    return Found(
        Kept.UNKNOWN,
        _("网页不从任何外部地址取内容；但服务器、数据库和备份放在哪里，系统自己看不到。"),
        _("请运维人员确认都在境内。"),
    )


def _sources(listed: Any) -> Iterable[Any]:
    return listed if isinstance(listed, list | tuple | set) else (listed,)


def measures_taken(look: Look) -> Found:
    """A device that was stopped or has ended was told to forget; one that held sheets and never came back may hold them still."""
    over = Q(revoked_at__gt=look.now - LATELY) | Q(revoked_at=None, ends_at__range=(look.now - LATELY, look.now))
    stopped = look.devices.filter(over, wiped_at=None, seen_at__isnull=False)
    listed = list(stopped.select_related("owner"))
    if listed:
        return Found(
            Kept.UNKNOWN,
            _("%(n)s 台停用或到期的设备还没有再联网，本机内容是否已清除不能判断；7 天不联网，走访单自动失效。")
            % {"n": len(listed)},
            _("如是遗失，请按泄露预案处置；找回的请联网一次。"),
            rows=tuple((f"{one.owner} · {one.name}", "") for one in listed[:MOST_SHOWN]),
        )
    return _met(
        _("近 90 天停用和到期的设备都已通知清除；设备上的内容加密存放，每次操作、查看位置和导出都写入防篡改日志。")
    )


FORMALISM: Final = "国办函〔2026〕12号"
PIPL: Final = gettext_lazy("个人信息保护法")
NUMBERED: Final = gettext_lazy("五个“不得”")  # the dossier has them without numbers


def _proof(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_law_visits.py::test_{name}" for name in names)


ARTICLES: Final[tuple[Article, ...]] = (
    Article(
        "no_check_in",
        FORMALISM,
        NUMBERED,
        gettext_lazy("不搞打卡签到、不统计在线时长（安全、应急场景除外）。"),
        gettext_lazy("走访是办成什么事的记录：写见了谁、谈了什么、下一步，只有日期，没有到达和离开。"),
        no_check_in,
        _proof("guobanhan_2026_12_no_check_in"),
    ),
    Article(
        "no_ranking",
        FORMALISM,
        NUMBERED,
        gettext_lazy("不搞积分排名。"),
        gettext_lazy("指标只按地点和时段，排的是企业的急缓，从不排人。"),
        no_ranking,
        _proof("guobanhan_2026_12_no_ranking_of_persons"),
    ),
    Article(
        "no_forced_photo",
        FORMALISM,
        NUMBERED,
        gettext_lazy("没有必要不要求上传照片、视频。"),
        gettext_lazy("照片选填、至多六张，重绘去掉拍摄地点，到期清除；没有照片一样完成走访。"),
        no_forced_photo,
        _proof("guobanhan_2026_12_no_forced_photo"),
    ),
    Article(
        "no_track",
        FORMALISM,
        NUMBERED,
        gettext_lazy("没有必要不要求上传轨迹。"),
        gettext_lazy("只有安全、应急巡查可以留位置，只留一次、须本人同意、可撤回；其他走访由服务器拒绝。"),
        no_track,
        _proof("guobanhan_2026_12_no_track", "guobanhan_2026_12_only_a_patrol_may_say_where"),
    ),
    Article(
        "no_repeat",
        FORMALISM,
        NUMBERED,
        gettext_lazy("不要求重复填报。"),
        gettext_lazy("走访单带出已知信息、上次走访和在办办件；问题先与在办的比对，填一次处处用。"),
        no_repeat,
        _proof("guobanhan_2026_12_no_repeated_forms"),
    ),
    Article(
        "no_push",
        FORMALISM,
        NUMBERED,
        gettext_lazy("不强制推广使用，不考核安装率。"),
        gettext_lazy("网页即开即用，手机上能做的电脑上都能做；没有安装数、活跃数一类的指标。"),
        no_push,
        _proof("guobanhan_2026_12_nobody_must_install"),
    ),
    Article(
        "county_level",
        FORMALISM,
        gettext_lazy("建设主体"),
        gettext_lazy("县级以下单位原则上不自建。"),
        gettext_lazy("由区（县）部署和运维，街道作为租户使用。"),
        county_level,
        _proof("guobanhan_2026_12_the_district_runs_it"),
    ),
    Article(
        "complaint_button",
        FORMALISM,
        gettext_lazy("投诉建议"),
        gettext_lazy("要有投诉建议入口。"),
        gettext_lazy("账号菜单和随身走访页的“投诉建议”通往运维人员设定的地址。"),
        complaint_button,
        _proof("guobanhan_2026_12_a_button_for_complaints"),
    ),
    Article(
        "filed",
        FORMALISM,
        gettext_lazy("备案"),
        gettext_lazy("上线前备案。"),
        gettext_lazy("备案编号由运维人员登记，在这里公开。"),
        filed,
        _proof("guobanhan_2026_12_filed_before_going_live"),
    ),
    Article(
        "minimum",
        PIPL,
        gettext_lazy("第五、六、十三条"),
        gettext_lazy("目的明确、范围最小、有合法依据。"),
        gettext_lazy("见到的人只写身份；每个指向个人的字段都声明保存多久，没声明的通不过检验。"),
        minimum,
        _proof("pipl_5_6_13_the_minimum"),
    ),
    Article(
        "consent",
        PIPL,
        gettext_lazy("第十四至十六、二十三、二十九条"),
        gettext_lazy("同意要自愿、可撤回，不同意不影响办事。"),
        gettext_lazy("留位置先说明为什么，本人点同意才留，随时撤回；不同意照常完成巡查。"),
        consent,
        _proof("pipl_14_15_16_29_consent_and_withdrawal"),
    ),
    Article(
        "notice",
        PIPL,
        gettext_lazy("第十七、三十五、四十八条"),
        gettext_lazy("告知处理什么、为什么、多久，并能解释。"),
        gettext_lazy("“我的走访数据”写明保存了什么、多久、找谁，本人可以看、可以导出。"),
        notice,
        _proof("pipl_17_35_48_notice_and_ones_own_data"),
    ),
    Article(
        "deletion",
        PIPL,
        gettext_lazy("第十九、四十七条"),
        gettext_lazy("保存时间最短，到期删除。"),
        gettext_lazy("照片、位置和设备操作各有期限，每天自动清除并留下清除记录。"),
        deletion,
        _proof("pipl_19_47_what_has_ended_is_erased"),
    ),
    Article(
        "contractors",
        PIPL,
        gettext_lazy("第二十一条"),
        gettext_lazy("受托人员按约定处理，合同结束即止。"),
        gettext_lazy("外包专员也是本人账号、按角色授权；收回角色，设备令牌当场失效。"),
        contractors,
        _proof("pipl_21_who_has_left_keeps_no_device"),
    ),
    Article(
        "explained",
        PIPL,
        gettext_lazy("第二十四条"),
        gettext_lazy("自动化判定要能说明。"),
        gettext_lazy("为什么要访、为什么排在前面，逐条写出命中的条件和依据。"),
        explained,
        _proof("pipl_24_every_score_explains_itself"),
    ),
    Article(
        "assessed",
        PIPL,
        gettext_lazy("第二十八至三十、五十五、五十六条"),
        gettext_lazy("敏感个人信息要有必要、严格保护，事前评估，报告至少存三年。"),
        gettext_lazy("位置只有综合治理专员、社区书记和本人能看，每看一次留痕；评估由运维人员登记。"),
        assessed,
        _proof("pipl_28_30_55_56_a_place_is_sensitive"),
    ),
    Article(
        "at_home",
        PIPL,
        gettext_lazy("第三十六、三十七条"),
        gettext_lazy("国家机关处理的个人信息存在境内。"),
        gettext_lazy("网页不引用任何外部地址；服务器的位置由运维人员保证。"),
        at_home,
        _proof("pipl_36_37_nothing_is_fetched_from_elsewhere"),
    ),
    Article(
        "measures",
        PIPL,
        gettext_lazy("第五十一、五十四、五十七条"),
        gettext_lazy("采取安全措施，定期审计，泄露时补救。"),
        gettext_lazy("设备内容加密、7 天失效、可停用；动作写入防篡改日志。"),
        measures_taken,
        _proof("pipl_51_54_57_a_lost_device_is_stopped"),
    ),
)
