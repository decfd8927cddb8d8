"""Visits to enterprises, what was found on them, and the rules that say whom to visit."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linqi.cases.models import Case
from linqi.enterprises.models import Claim, Enterprise
from linqi.kit.choices import Choice
from linqi.organisation.models import LinkTeam
from linqi.territory.models import Place
from linqi.visits.flow import PlanState, Search, State
from linqi.visits.merging import Outcome
from linqi.visits.rules import Reason
from linqi.visits.rules.patrol import VisitKind


class Visit(models.Model):
    """Going to see an enterprise: evidence of an outcome, never of attendance 走访.

    No track, no check-in clock, no forced photo (国办函〔2026〕12号). `kind`: only a patrol may say where it was (`Spot`).
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="visits")
    place = models.ForeignKey(Place, models.PROTECT, related_name="visits")
    street = models.ForeignKey(
        Place,
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="In which the place stood when it began; empty: in none.",
    )
    team = models.ForeignKey(LinkTeam, models.SET_NULL, null=True, related_name="visits")
    visitor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="visits")
    state = models.CharField(max_length=12, choices=State.choices)
    kind = models.CharField(
        max_length=10, choices=VisitKind.choices, default=VisitKind.PLAIN.value, db_default=VisitKind.PLAIN.value
    )
    reasons = models.JSONField(default=list, help_text="Codes of visits.rules.Reason that it answers.")
    dues = models.JSONField(default=dict, help_text="Reason → ISO day by which it asked for the visit, where known.")
    planned_for = models.DateField()
    visited_on = models.DateField(null=True)
    met = models.CharField(max_length=60, blank=True, help_text="A role, never a name.")
    summary = models.TextField(blank=True)
    next_step = models.CharField(max_length=200, blank=True)
    why_again = models.CharField(
        max_length=200, blank=True, help_text="Why we went again so soon without a new reason 无事不扰."
    )

    edition = models.PositiveIntegerField(default=0, help_text="Counts every change; what a device compares.")
    stamps = models.JSONField(
        default=dict, help_text="Field → {edition, by, device, at}: who said what it holds, where and when."
    )

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["enterprise", "visited_on"], name="visit_enterprise"),
            models.Index(fields=["place", "visited_on"], name="visit_place"),
            models.Index(fields=["state", "planned_for"], name="visit_state"),
            models.Index(fields=["street", "planned_for"], name="visit_street"),
            models.Index(fields=["street", "state", "planned_for"], name="visit_street_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="visit_state_known"),
            models.CheckConstraint(condition=Q(kind__in=VisitKind.values), name="visit_kind_known"),
            models.CheckConstraint(condition=~Q(state="done") | Q(visited_on__isnull=False), name="visit_done_has_day"),
        ]

    def __str__(self) -> str:
        return f"{self.planned_for} {self.enterprise}"


class FindingKind(Choice):
    """What a finding becomes: a fact learnt a claim, a need or problem a case, a clue a lead 发现类别."""

    FACT = "fact", "信息更新"
    NEED = "need", "需求"
    PROBLEM = "problem", "问题"
    CLUE = "clue", "风险线索"


class Finding(models.Model):
    """One thing found on a visit 走访发现."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=10, choices=FindingKind.choices)
    text = models.CharField(max_length=500)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="findings")
    claim = models.ForeignKey(Claim, models.PROTECT, null=True, related_name="findings")
    recorded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text


class Photo(models.Model):
    """A picture that somebody chose to keep with a visit, drawn anew without where and when, until its last day 走访照片.

    `uid`: the operation of the device that brought it; so much is known of when: the day.
    """

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="photos")
    uid = models.CharField(max_length=36, unique=True)
    file = models.FileField(upload_to="visits/%Y/%m/", max_length=200)
    size = models.PositiveIntegerField(help_text="Bytes, as kept.")
    note = models.CharField(max_length=100, blank=True, help_text="What is to be seen.")
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    taken_on = models.DateField()
    erase_on = models.DateField(db_index=True, help_text="First day on which it is no longer kept.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.note or str(self.taken_on)


class Spot(models.Model):
    """Where a patrol was, said once and of one's own will, until its last day 巡查位置.

    One for a visit at most: a track cannot be kept. `agreed`: which words the person agreed to.
    """

    visit = models.OneToOneField(Visit, models.CASCADE, related_name="spot")
    lat = models.FloatField(help_text="Degrees, WGS 84.")
    lon = models.FloatField()
    within = models.PositiveIntegerField(help_text="Metres it may be off.")
    agreed = models.CharField(max_length=20, blank=True)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    taken_on = models.DateField()
    erase_on = models.DateField(db_index=True, help_text="First day on which it is no longer kept.")

    def __str__(self) -> str:
        return f"{self.visit_id}"


class Erasure(models.Model):
    """One run that took away what had been kept long enough: the proof that it ran, and of how much 到期清除."""

    ran_at = models.DateTimeField()
    photos = models.PositiveIntegerField(default=0)
    spots = models.PositiveIntegerField(default=0)
    operations = models.PositiveIntegerField(default=0)
    files = models.PositiveIntegerField(default=0, help_text="Files that belonged to nothing.")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.ran_at)


class Dated(models.Model):
    """A setting in force from a day until another; a street's own goes before the product's 分期设置.

    What was in force once is never changed: a change ends one row and begins the next.
    """

    street = models.ForeignKey(Place, models.CASCADE, null=True, related_name="+", help_text="Empty: product default.")
    source = models.CharField(max_length=300, blank=True)
    since = models.DateField(null=True, help_text="First day in force; empty: from the beginning.")
    until = models.DateField(null=True, help_text="First day no longer in force.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    @property
    def is_default(self) -> bool:
        """A default of the product, not of the street 产品默认."""
        return self.street_id is None


class MustVisitRule(Dated):
    """When one kind of must-visit is due, how often, who goes, what is asked and when it is done 必访规则."""

    reason = models.CharField(max_length=16, choices=Reason.choices)
    when = models.JSONField(help_text="A condition, conditions/data/condition.schema.json.")
    first_visit = models.PositiveSmallIntegerField(help_text="Working days from the day the reason began.")
    repeat = models.PositiveSmallIntegerField(null=True, help_text="Days a visit answers it; empty: for good.")
    most = models.PositiveSmallIntegerField(
        null=True, help_text="Follow-up visits, also when the trigger has passed; empty: while it holds."
    )
    presses = models.BooleanField(default=False, help_text="Asks also within the quiet days 无事不扰.")
    weight = models.DecimalField(max_digits=5, decimal_places=2)
    who = models.CharField(max_length=200, help_text="Roles, never names.")
    ask = models.JSONField(default=list, help_text="Questions, one text each.")
    done_when = models.CharField(max_length=200)
    legal = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["street", "reason"],
                condition=Q(until=None) & Q(street__isnull=False),
                name="must_visit_rule_one_open",
            ),
            models.UniqueConstraint(
                fields=["reason"], condition=Q(until=None) & Q(street=None), name="must_visit_rule_default_once"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(since=None) | Q(until__gt=F("since")), name="must_visit_rule_dates_in_order"
            ),
            models.CheckConstraint(condition=Q(reason__in=Reason.values), name="must_visit_rule_reason_known"),
        ]

    def __str__(self) -> str:
        return Reason(self.reason).label


class MustVisitScore(Dated):
    """How the must-visit list is ordered: what urgency, lateness and the firm itself weigh 必访排序."""

    urgency = models.DecimalField(max_digits=4, decimal_places=2, help_text="What a used-up term adds to 1.")
    late_step = models.PositiveSmallIntegerField(help_text="Days late that double a reason.")
    late_most = models.PositiveSmallIntegerField(help_text="Days late that count at most.")
    values = models.JSONField(default=list, help_text="[{name, factor, when}]: the first that is met counts.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["street"], condition=Q(until=None) & Q(street__isnull=False), name="must_visit_score_one_open"
            ),
        ]

    def __str__(self) -> str:
        return str(self.since or "")


class BurdenLimit(Dated):
    """From which contact of a month on one is warned, and for how long what is known needs no asking 联系次数提醒."""

    limit = models.PositiveSmallIntegerField(help_text="The contact that is warned of: 3, the third.")
    days = models.PositiveSmallIntegerField(help_text="What a month is, in days.")
    fresh = models.PositiveSmallIntegerField(help_text="Days for which what is known without a period counts as known.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["street"], condition=Q(until=None) & Q(street__isnull=False), name="burden_limit_one_open"
            ),
            models.CheckConstraint(condition=Q(limit__gte=2) & Q(days__gte=1), name="burden_limit_sensible"),
        ]

    def __str__(self) -> str:
        return f"{self.limit} / {self.days}"


# --- the week ---------------------------------------------------------------------------------------------------------
class PlanTerms(Dated):
    """What a week of visits is planned with: how often each building, how long, in which hours 周计划参数."""

    visits = models.PositiveSmallIntegerField(help_text="Visits to each building in a week.")
    firms = models.PositiveSmallIntegerField(help_text="Firms seen on one visit to a building at most.")
    enter = models.PositiveSmallIntegerField(help_text="Minutes to get into a building.")
    chat = models.PositiveSmallIntegerField(help_text="Minutes with a firm for plain coverage.")
    talk = models.PositiveSmallIntegerField(help_text="Minutes with a firm that must be visited.")
    pace = models.PositiveSmallIntegerField(help_text="Metres walked in a minute.")
    hours = models.JSONField(
        help_text="Hours out in the streets on a working day: [[from, to], …], minutes of the day."
    )
    seconds = models.PositiveSmallIntegerField(help_text="How long the solver may look for a better plan.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["street"], condition=Q(until=None) & Q(street__isnull=False), name="plan_terms_one_open"
            )
        ]

    def __str__(self) -> str:
        return str(self.since or "")


class BuildingRota(models.Model):
    """How often one building is visited in a week, and in which hours, from a day until another, where it differs from its street
    楼宇轮值.

    What was in force once is never changed (`rules.rota`). `before`: what stood when this was set, so that it can be taken back exactly;
    empty for what only goes on behind another.
    """

    building = models.ForeignKey(Place, models.CASCADE, related_name="rotas")
    visits = models.PositiveSmallIntegerField(
        null=True, help_text="Visits in a week; 0: none; empty: as the street says."
    )
    opens = models.PositiveSmallIntegerField(null=True, help_text="Minutes of the day; empty: any time.")
    closes = models.PositiveSmallIntegerField(null=True)
    since = models.DateField(null=True, help_text="First day in force; empty: from the beginning.")
    until = models.DateField(null=True, help_text="First day no longer in force.")
    reason = models.CharField(max_length=200, blank=True)
    before = models.JSONField(null=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(null=True, help_text="Empty where nobody wrote it down.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opens=None, closes=None) | Q(opens__lt=F("closes")), name="building_rota_hours_in_order"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(since=None) | Q(until__gt=F("since")), name="building_rota_dates_in_order"
            ),
            models.UniqueConstraint(fields=["building"], condition=Q(until=None), name="building_rota_one_open"),
        ]
        indexes = [models.Index(fields=["building", "since"], name="building_rota_since")]

    def __str__(self) -> str:
        return f"{self.building} × {'' if self.visits is None else self.visits}"


class WeekPlan(models.Model):
    """Who goes where in a week: a proposal until somebody confirms it 周计划.

    `searched`: how far the solver is, in hundredths; `figures`: value, bound and the like when it was last computed.
    """

    place = models.ForeignKey(Place, models.PROTECT, related_name="week_plans")
    monday = models.DateField(help_text="First day of the week.")
    state = models.CharField(max_length=12, choices=PlanState.choices)
    own_teams = models.BooleanField(default=False, help_text="Only members of a building's link team go there.")
    search = models.CharField(max_length=12, choices=Search.choices)
    searched = models.PositiveSmallIntegerField(default=0)
    searched_at = models.DateTimeField(null=True, help_text="Last sign of life of the search.")
    found_by = models.CharField(max_length=12, default="greedy")
    figures = models.JSONField(default=dict)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-monday", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["place", "monday"], condition=~Q(state="dropped"), name="week_plan_one_for_a_week"
            ),
            models.CheckConstraint(condition=Q(state__in=PlanState.values), name="week_plan_state_known"),
            models.CheckConstraint(condition=Q(search__in=Search.values), name="week_plan_search_known"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.monday}"


class PlanShift(models.Model):
    """Some hours of a plan in which one person is out in the streets 外出时段; never a record of attendance."""

    plan = models.ForeignKey(WeekPlan, models.CASCADE, related_name="shifts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    day = models.DateField()
    begins = models.PositiveSmallIntegerField(help_text="Minutes of the day.")
    ends = models.PositiveSmallIntegerField()
    base = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="Where the round begins and ends.")
    absent = models.BooleanField(default=False)

    class Meta:
        ordering = ["day", "begins", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "user", "day", "begins"], name="plan_shift_once"),
            models.CheckConstraint(condition=Q(begins__lt=F("ends")), name="plan_shift_hours_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.begins}"


class PlanStop(models.Model):
    """One going into a building in a plan; without a shift it is one that could not be covered 上门安排."""

    plan = models.ForeignKey(WeekPlan, models.CASCADE, related_name="stops")
    building = models.ForeignKey(Place, models.PROTECT, related_name="+")
    extra = models.BooleanField(default=False, help_text="Beyond the rota, for firms that must be visited.")
    days = models.JSONField(help_text="ISO days on which it may be.")
    minutes = models.PositiveSmallIntegerField()
    value = models.PositiveIntegerField(help_text="Hundredths of a point of the must-visit score.")
    opens = models.PositiveSmallIntegerField(null=True)
    closes = models.PositiveSmallIntegerField(null=True)
    shift = models.ForeignKey(PlanShift, models.SET_NULL, null=True, related_name="stops")
    order = models.PositiveSmallIntegerField(default=0)
    fixed = models.BooleanField(default=False, help_text="Stays where it is when the plan is changed.")

    class Meta:
        ordering = ["shift", "order", "pk"]

    def __str__(self) -> str:
        return f"{self.building}"


class PlanFirm(models.Model):
    """An enterprise to be seen on a stop, and the visit it became once the plan was confirmed 计划走访企业."""

    stop = models.ForeignKey(PlanStop, models.CASCADE, related_name="firms")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    dues = models.JSONField(default=dict, help_text="Reason → ISO day by which it asks; empty: plain coverage.")
    points = models.PositiveIntegerField(default=0, help_text="Hundredths.")
    visit = models.ForeignKey(Visit, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["stop", "-points", "pk"]

    def __str__(self) -> str:
        return f"{self.enterprise}"


class PlanFeed(models.Model):
    """An address from which a calendar reads one person's own visits; only its digest is kept 日历订阅."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="plan_feed")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hex.")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.user)


# --- in the hand ------------------------------------------------------------------------------------------------------
class Device(models.Model):
    """A phone or tablet on which its owner keeps visits without a signal 走访设备.

    `taken`: the number of its last operation that was dealt with. Its token opens the exchange of visits and nothing else.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="visit_devices")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hex.")
    registered_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    clock_off = models.IntegerField(null=True, help_text="Seconds its clock was ahead of ours at the last contact.")
    revoked_at = models.DateTimeField(null=True)
    wiped_at = models.DateTimeField(null=True, help_text="When it was told to forget what it kept.")
    taken = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name


class Operation(models.Model):
    """One operation of a device and what became of it; a row is written with its effect or not at all 设备操作."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="operations")
    uid = models.CharField(max_length=36, unique=True, help_text="Made on the device.")
    seq = models.PositiveBigIntegerField()
    boot = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=12)
    key = models.CharField(
        max_length=36, help_text="The visit as the device names it: our number, or an id of its own."
    )
    visit = models.ForeignKey(Visit, models.SET_NULL, null=True, related_name="operations")
    body = models.JSONField(default=dict)
    said_at = models.DateTimeField(help_text="As the device's clock showed it.")
    happened_at = models.DateTimeField(help_text="By our clock, from how long ago it was.")
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.CharField(max_length=300, blank=True, help_text="In words, when it did not take effect.")
    result = models.JSONField(default=dict)
    erased_on = models.DateField(null=True, help_text="Since then its words and its hours are no longer kept.")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["kind", "key"], name="operation_key")]
        constraints = [
            models.UniqueConstraint(fields=["device", "seq"], name="operation_number_once"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="operation_outcome_known"),
        ]

    def __str__(self) -> str:
        return f"{self.device_id}:{self.seq} {self.kind}"


class FieldConflict(models.Model):
    """A field of which two said different things without knowing of each other, until a person says which it is 填写不一致.

    `value` was said by `said_by`; what the visit holds was there first.
    """

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="conflicts")
    field = models.CharField(max_length=20)
    value = models.TextField(blank=True)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    device = models.ForeignKey(Device, models.SET_NULL, null=True, related_name="+")
    said_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    settled_as = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["visit", "settled_at"], name="conflict_visit")]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.field}"
