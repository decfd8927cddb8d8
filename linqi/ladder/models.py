"""The ladder to a listing: standards and tiers in force, firms on it, how they moved, what is done for them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linqi.cases.models import Case
from linqi.enterprises.models import Enterprise
from linqi.kit.choices import Choice
from linqi.ladder.flow import State
from linqi.ladder.rules import Board, Kind, Stage, Step, Tier
from linqi.organisation.models import Department
from linqi.territory.models import Place


class Confidence(Choice):
    """How sure the product is of a rule it ships with 可信程度."""

    VERIFIED = "verified", "数字已核对，文件日期凭记忆"
    SECONDARY = "secondary", "据二手资料"
    MEMORY = "memory", "凭记忆，待核"
    DEFAULT = "default", "产品默认，非街道规定"
    STREET = "street", "本街道设定"


class Dated(models.Model):
    """A condition that is in force from a day until another; a street's own goes before the product's 分期规则.

    What was in force once is never changed: a change ends one row and begins the next.
    """

    street = models.ForeignKey(Place, models.CASCADE, null=True, related_name="+", help_text="Empty: product default.")
    name = models.CharField(max_length=40)
    when = models.JSONField(help_text="A condition, conditions/data/condition.schema.json.")
    source = models.CharField(max_length=300)
    note = models.CharField(max_length=300, blank=True)
    confidence = models.CharField(max_length=10, choices=Confidence.choices)
    since = models.DateField()
    until = models.DateField(null=True, help_text="First day no longer in force.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Standard(Dated):
    """One of the financial standards of a board, any of which opens the door 上市标准."""

    board = models.CharField(max_length=10, choices=Board.choices)
    code = models.SlugField(max_length=20, help_text="上市标准 code of the exchanges' data dictionary.")

    class Meta:
        ordering = ["board", "code", "since"]
        constraints = [
            models.UniqueConstraint(fields=["street", "code", "since"], name="standard_once"),
            models.UniqueConstraint(fields=["code", "since"], condition=Q(street=None), name="standard_default_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="standard_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{Board(self.board).label}{self.name}"


class TierRule(Dated):
    """What a firm must show to stand in a tier 分层标准."""

    tier = models.CharField(max_length=10, choices=Tier.choices)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["street", "tier", "since"], name="tier_rule_once"),
            models.UniqueConstraint(fields=["tier", "since"], condition=Q(street=None), name="tier_rule_default_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="tier_rule_dates_in_order"),
        ]

    def __str__(self) -> str:
        return Tier(self.tier).label


class Candidate(models.Model):
    """A firm on the ladder: in which confirmed tier since when, how far on its way, who looks after it 培育企业.

    Two rows of one firm can only come from merging two records of it; the higher one counts.
    """

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="candidates")
    tier = models.CharField(max_length=10, choices=Tier.choices)
    since = models.DateField(help_text="First day in this tier.")
    entered_on = models.DateField()
    stage = models.CharField(max_length=20, choices=Stage.choices, default=Stage.CULTIVATING)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="candidates")

    class Meta:
        indexes = [models.Index(fields=["tier", "stage"], name="candidate_tier")]
        constraints = [models.CheckConstraint(condition=Q(tier__in=Tier.values), name="candidate_tier_known")]

    def __str__(self) -> str:
        return str(self.enterprise)


class Answer(Choice):
    """What a person decided about a move 处理结果."""

    CONFIRMED = "confirmed", "已确认"
    DECLINED = "declined", "不予调整"


class Move(models.Model):
    """A move on the ladder that a person confirmed or declined, with what was known that day 层级调整."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="ladder_moves")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    tier_before = models.CharField(max_length=10, choices=Tier.choices, blank=True, help_text="Empty: not on it.")
    tier_after = models.CharField(max_length=10, choices=Tier.choices, blank=True, help_text="Empty: off it.")
    answer = models.CharField(max_length=10, choices=Answer.choices)
    proposed = models.BooleanField(help_text="The facts spoke for it; otherwise a person moved it by hand.")
    why = models.CharField(max_length=300, blank=True)
    snapshot = models.JSONField(default=dict, help_text="Tier → outcome, and the nearest standard, on that day.")
    day = models.DateField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-day", "-pk"]
        indexes = [models.Index(fields=["enterprise", "answer", "day"], name="ladder_move_enterprise")]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.tier_before} → {self.tier_after}"


class Milestone(models.Model):
    """A step on the way to a listing: planned for a day, reached on a day, with the evidence 里程碑."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="milestones")
    step = models.CharField(max_length=20, choices=Step.choices)
    planned_on = models.DateField(null=True)
    reached_on = models.DateField(null=True)
    board = models.CharField(max_length=10, choices=Board.choices, blank=True)
    evidence = models.CharField(
        max_length=200, blank=True, help_text="A document, notice or page; needed once reached."
    )
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["enterprise", "step"], name="milestone_enterprise")]
        constraints = [
            models.CheckConstraint(
                condition=Q(reached_on=None) | ~Q(evidence=""), name="milestone_reached_has_evidence"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {Step(self.step).label}"


class Cultivation(models.Model):
    """Something done for a firm on the ladder, by whom and by when; one that needs others becomes a case 培育措施."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="cultivations")
    title = models.CharField(max_length=120)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="cultivations")
    department = models.ForeignKey(Department, models.SET_NULL, null=True, related_name="+")
    term = models.CharField(max_length=20, help_text="A kit.clock Term.")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    result = models.CharField(max_length=300, blank=True)
    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="cultivations")
    opened_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_at", "pk"]
        indexes = [
            models.Index(fields=["enterprise", "state"], name="cultivation_enterprise"),
            models.Index(fields=["state", "due_at"], name="cultivation_due"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="cultivation_state_known"),
            models.CheckConstraint(condition=~Q(state="done") | ~Q(result=""), name="cultivation_done_has_result"),
        ]

    def __str__(self) -> str:
        return self.title
