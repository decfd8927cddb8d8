"""Policies, their dated versions, what they give, whom they were told to, and the money."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linqi.enterprises.models import Enterprise
from linqi.kit.choices import Choice
from linqi.policies.flow import Channel, Step, VersionState
from linqi.policies.rules import BenefitKind, LedgerKind
from linqi.territory.models import Place


class Kind(Choice):
    """What a policy is about 政策类别."""

    RECOGNITION = "recognition", "资质认定"
    TAX = "tax", "税收优惠"
    EMPLOYMENT = "employment", "稳岗就业"
    LOAN = "loan", "信贷贴息"
    RIGHT = "right", "权益保障"
    STATISTICS = "statistics", "升规纳统"
    SUBSIDY = "subsidy", "资金奖补"
    TALENT = "talent", "人才"
    LISTING = "listing", "上市"


class Level(Choice):
    """Who stands behind a policy 层级."""

    NATIONAL = "national", "国家"
    PROVINCIAL = "provincial", "省级"
    MUNICIPAL = "municipal", "市级"
    DISTRICT = "district", "区级"
    STREET = "street", "街道"


class Delivery(Choice):
    """How a policy comes to a firm 兑现途径."""

    NO_APPLICATION = "no_application", "免申即享"
    APPLY = "apply", "申报"
    APPLY_ONLINE_QINQING = "apply_online_qinqing", "亲清在线申报"
    SELF_ASSESS = "self_assess", "自行判别、留存备查"
    SELF_ASSESS_THEN_PUBLICITY = "self_assess_then_publicity", "自评公示入库"
    LIST_BASED = "list_based", "名单制"
    VIA_BANK = "via_bank", "经办银行办理"
    COMPLAINT = "complaint", "投诉维权"
    BID = "bid", "投标时声明"
    REPORT = "report", "统计申报"


class Confidence(Choice):
    """How sure the content is 可信度."""

    VERIFIED = "verified", "数字见于所列来源"
    PARTLY = "partly", "部分见于来源"
    FROM_MEMORY = "from_memory", "未见来源，须复核"


class Policy(models.Model):
    """One policy as a street keeps it 惠企政策; what it says stands in its versions."""

    street = models.ForeignKey(Place, models.PROTECT, related_name="policies")
    key = models.SlugField(max_length=60)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160, blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    level = models.CharField(max_length=20, choices=Level.choices)
    delivery = models.CharField(max_length=30, choices=Delivery.choices)
    issuers = models.JSONField(default=list)
    subject = models.CharField(
        max_length=20, default="enterprise", help_text="enterprise | worker (persons, not firms)."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["street", "key"], name="policy_once")]
        indexes = [models.Index(fields=["street", "kind"], name="policy_kind")]

    def __str__(self) -> str:
        return self.name_zh

    @property
    def channel(self) -> str:
        """By which of our two flows money is followed."""
        return Channel.NO_APPLICATION if self.delivery == Delivery.NO_APPLICATION else Channel.APPLICATION


class PolicyVersion(models.Model):
    """What a policy says from one day to another 政策版本."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document_no = models.CharField(max_length=120, blank=True)
    also = models.JSONField(default=list, help_text="Other documents that belong to it.")
    since = models.DateField(help_text="First day in force.")
    until = models.DateField(null=True, blank=True, help_text="Last day in force; empty while no end is known.")
    dates_seen = models.BooleanField(default=False, help_text="Whether the dates themselves were seen in a source.")
    window_since = models.DateField(null=True, blank=True, help_text="First day of the application window.")
    window_until = models.DateField(null=True, blank=True)
    valid_years = models.PositiveSmallIntegerField(null=True, blank=True, help_text="How long a recognition lasts.")
    transition = models.TextField(blank=True, help_text="What becomes of those under the version before 过渡.")
    note = models.TextField(blank=True)
    confidence = models.CharField(max_length=12, choices=Confidence.choices)
    source = models.JSONField(default=list)
    source_kind = models.CharField(max_length=12, blank=True)
    conditions = models.JSONField(help_text="A condition tree, linqi/conditions/data/condition.schema.json.")
    applies = models.JSONField(null=True, blank=True, help_text="Whom it concerns at all; empty: everybody.")
    manual = models.JSONField(default=list, help_text="What people decide beside the conditions.")
    materials = models.JSONField(
        default=list, help_text="[{name, held}]; held: the field or certificate that answers it already."
    )
    state = models.CharField(max_length=12, choices=VersionState.choices, default=VersionState.DRAFT)
    from_library = models.BooleanField(
        default=False, help_text="Shipped with the product and not yet confirmed by the street."
    )
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["policy", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(state__in=["draft", "submitted"]), name="policy_one_draft"
            ),
            models.CheckConstraint(condition=Q(state__in=VersionState.values), name="policy_version_state_known"),
            models.CheckConstraint(
                condition=Q(published_by=None) | ~Q(published_by=F("drafted_by")), name="policy_two_persons"
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(until=None) | Q(until__gte=F("since")), name="policy_dates_in_order"
            ),
        ]
        indexes = [models.Index(fields=["state", "since", "until"], name="policy_version_force")]

    def __str__(self) -> str:
        return f"{self.policy} v{self.number}"

    @property
    def drafter(self) -> str:
        """Who wrote it, by the name on screen; a dash for what the product brought."""
        return "—" if self.drafted_by is None else str(self.drafted_by.display_name)


class Example(models.Model):
    """A made-up firm and what the version must say of it; tried before publishing 样例."""

    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="examples")
    name = models.CharField(max_length=120)
    facts = models.JSONField(help_text="[[key, period, value], …] with periods as facts carry them.")
    day = models.DateField(help_text="The day on which it is judged.")
    expected = models.CharField(max_length=16)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Benefit(models.Model):
    """One thing that a version gives 支持内容; amounts in yuan."""

    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="benefits")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=BenefitKind.choices)
    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    ratio = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    cap = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    formula = models.CharField(max_length=300, blank=True, help_text="Over facts; for a ratio the base.")
    tiers = models.JSONField(
        default=list, blank=True, help_text="[{when: condition, amount, name}], the first that holds counts."
    )
    ceiling = models.BooleanField(default=False, help_text="The amount is the most that is possible 不超过.")
    per = models.CharField(max_length=40, blank=True, help_text="Once, a year, a person …, in words.")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="benefit_amount_positive"),
            models.CheckConstraint(condition=Q(cap=None) | Q(cap__gte=0), name="benefit_cap_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class Budget(models.Model):
    """What a policy may spend in a year 预算."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="budgets")
    year = models.PositiveSmallIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "year"], name="budget_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="budget_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.year}"


class Offer(models.Model):
    """A firm was told that it may meet a policy 政策推送."""

    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="offers")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="offers")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16)
    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    ceiling = models.BooleanField(default=False)
    reached = models.BooleanField(default=False, help_text="Whether the firm has a user who was notified.")
    offered_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "enterprise"], name="offer_once")]
        indexes = [
            models.Index(fields=["enterprise", "-offered_at"], name="offer_enterprise"),
            models.Index(fields=["place"], name="offer_place"),
        ]

    def __str__(self) -> str:
        return f"{self.version} → {self.enterprise}"


class Application(models.Model):
    """One firm's way to the money of one policy, in either channel 申报与兑现."""

    number = models.CharField(max_length=20, unique=True)
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="applications")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="applications")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=16, choices=Channel.choices)
    state = models.CharField(max_length=16, choices=Step.choices)
    year = models.PositiveSmallIntegerField(help_text="The year for which money is asked.")
    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True, help_text="Asked or computed, in yuan.")
    ceiling = models.BooleanField(default=False, help_text="The computed amount is the most that is possible.")
    approved = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    statement = models.TextField(blank=True, help_text="What the firm says for itself.")
    account_holder = models.CharField(max_length=120, blank=True)
    account_tail = models.CharField(max_length=4, blank=True, help_text="Last four digits only.")
    correction = models.TextField(blank=True, help_text="Everything to be corrected, told once 一次性告知.")
    corrected = models.BooleanField(default=False, help_text="The one correction has been asked for.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was refused, dropped or recalled.")
    sample = models.CharField(max_length=300, blank=True, help_text="What looking again found.")
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    listed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    notice_until = models.DateField(null=True, help_text="Last day of the public notice.")
    due_at = models.DateTimeField(null=True)
    due_why = models.JSONField(default=list)
    overdue_told = models.BooleanField(default=False, help_text="That the present step is late was told.")
    opened_at = models.DateTimeField()
    moved_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=Step.values), name="application_state_known"),
            models.CheckConstraint(
                condition=Q(listed_by=None) | ~Q(listed_by=F("checked_by")), name="application_two_persons"
            ),
            models.UniqueConstraint(
                fields=["version", "enterprise", "year"],
                condition=~Q(state__in=["declined", "dropped", "rejected", "withdrawn", "recalled"]),
                name="application_once_a_year",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="application_due"),
            models.Index(fields=["enterprise", "state"], name="application_enterprise"),
            models.Index(fields=["place", "state"], name="application_place"),
        ]

    def __str__(self) -> str:
        return self.number


class Material(models.Model):
    """One paper of an application; what the platform holds already is not asked again 申报材料."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="materials")
    name = models.CharField(max_length=120)
    held = models.CharField(
        max_length=200, blank=True, help_text="Where the platform has it from; empty: the firm gives it."
    )
    given = models.CharField(
        max_length=300, blank=True, help_text="What the firm says of it: number, where it was handed in."
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Ledger(models.Model):
    """One line about money; lines are added, never changed 资金台账."""

    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="ledger")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="ledger")
    kind = models.CharField(max_length=10, choices=LedgerKind.choices)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    on = models.DateField()
    at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="ledger_amount_positive"),
            models.UniqueConstraint(
                fields=["application", "kind"],
                condition=Q(kind__in=["approved", "paid", "recalled"]),
                name="ledger_once",
            ),
        ]
        indexes = [
            models.Index(fields=["version", "kind"], name="ledger_version"),
            models.Index(fields=["place", "kind"], name="ledger_place"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
