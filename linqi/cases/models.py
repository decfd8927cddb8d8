"""Everything somebody must do for an enterprise, who does it, and by when."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from linqi.cases.attachments import Kind
from linqi.cases.dispatch import Basis
from linqi.cases.flow import MaterialState, Mending, State, StrandState
from linqi.cases.receivables import Debtor
from linqi.catalogue.models import CaseClass, Category
from linqi.enterprises.models import Enterprise
from linqi.kit.choices import Choice
from linqi.organisation.models import Department
from linqi.territory.models import Place


class Source(Choice):
    """By which way a case came in 来源."""

    DESK = "desk", "窗口受理"
    PORTAL = "portal", "企业自助"
    VISIT = "visit", "走访发现"
    API = "api", "系统接口"
    PHONE = "phone", "来电登记"
    FORM = "form", "网页表单"
    BATCH = "batch", "外部渠道"
    WASTE = "waste", "垃圾分类"


class Channel(Choice):
    """Other houses that send us what enterprises told them, and want to hear what became of it 外部渠道."""

    HOTLINE = "hotline", "12345热线"
    RATING = "rating", "政务服务好差评"
    PROVINCIAL = "provincial", "省级为企服务平台"
    OTHER = "other", "其他渠道"


class RatedBy(Choice):
    """By which way a rating came 评价方式."""

    PORTAL = "portal", "企业自助"
    LINK = "link", "评价链接"
    CALL = "call", "电话回访"


class Ground(Choice):
    """Why a case may be left out of the rates 剔除事由 (services.yaml, rates.exclusion)."""

    OUTSIDE = "outside", "不属于法定职责"
    DUPLICATE = "duplicate", "重复提交"
    MALICIOUS = "malicious", "恶意评价"


class Outcome(Choice):
    """What the answer could do for the one who asked, as the section says 办理结果."""

    SOLVED = "solved", "已解决"
    PARTLY = "partly", "部分解决"
    EXPLAINED = "explained", "依规不能办，已解释"
    UNMET = "unmet", "目前无人能办，列入未满足需求"


class Solved(Choice):
    """Whether it was solved, by the word of the one who asked 是否解决 (services.yaml, rates.solve_rate)."""

    YES = "yes", "已解决"
    PARTLY = "partly", "部分解决"
    NO = "no", "没有解决"


class Route(Choice):
    """Where the law sends what the community may not decide 法定途径."""

    PETITION = "petition", "信访"
    LAWSUIT = "lawsuit", "诉讼"
    ARBITRATION = "arbitration", "仲裁"
    REVIEW = "review", "行政复议"
    AUTHORITY = "authority", "其他有权机关"


class Pressed(Choice):
    """Who presses: the one who asked, or a leader 催办与督办."""

    URGED = "urged", "催办"
    SUPERVISED = "supervised", "督办"


class TimeLimit(models.Model):
    """How long a class of cases may take, on these dates; a community's own row goes before the street's 办理时限.

    A row that has counted is never rewritten: it ends and another takes its place.
    """

    street = models.ForeignKey(Place, models.CASCADE, null=True, related_name="+", help_text="Empty: product default.")
    community = models.ForeignKey(
        Place, models.CASCADE, null=True, related_name="+", help_text="Empty: the whole street."
    )
    case_class = models.CharField(max_length=12, choices=CaseClass.choices)
    accept = models.CharField(max_length=20, help_text="A kit.clock Term, e.g. '0.5 working_days'.")
    contact = models.CharField(
        max_length=20, blank=True, help_text="Until the one who asked is spoken to; empty: none."
    )
    close = models.CharField(max_length=20)
    extend = models.CharField(max_length=20, blank=True, help_text="One extension at most; empty: none.")
    source = models.CharField(max_length=200)
    since = models.DateField(null=True, help_text="Empty: always.")
    until = models.DateField(null=True, help_text="First day it no longer counts.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["street", "case_class", "since"],
                condition=Q(street__isnull=False, community=None),
                name="time_limit_once",
            ),
            models.UniqueConstraint(
                fields=["community", "case_class", "since"],
                condition=Q(community__isnull=False),
                name="time_limit_community_once",
            ),
            models.UniqueConstraint(fields=["case_class"], condition=Q(street=None), name="time_limit_default_once"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(since=None) | Q(until__gt=F("since")), name="time_limit_not_reversed"
            ),
            models.CheckConstraint(
                condition=Q(community=None) | Q(street__isnull=False), name="time_limit_community_in_street"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_class}: {self.close}"


class DispatchRow(models.Model):
    """Which section settles which cases of a street, on these dates; read from the top 派单表.

    A row in force is never rewritten: it ends and another takes its place, so a case can always show the row it went by.
    """

    street = models.ForeignKey(Place, models.CASCADE, related_name="+")
    order = models.IntegerField(default=0, help_text="Smaller stands above; the first row that holds decides.")
    conditions = models.JSONField(default=dict, help_text="cases.dispatch.Clause as it is written.")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    together = models.ManyToManyField(Department, related_name="+", help_text="Sections that help 协办.")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        ordering = ["order", "pk"]
        indexes = [models.Index(fields=["street", "order"], name="dispatch_row_order")]
        constraints = [
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="dispatch_row_not_reversed")
        ]

    def __str__(self) -> str:
        return f"{self.street} {self.order} → {self.department}"


class HotIssue(models.Model):
    """Open cases of several askers that may be one problem, as the last night found them 热点问题."""

    street = models.ForeignKey(Place, models.CASCADE, related_name="+")
    cases = models.JSONField(help_text="Ids, that to which the others are alike first.")
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.street}: {len(self.cases)}"


class TrainedReader(models.Model):
    """What was learnt from labelled texts, which ones, and how well it does; the newest is used 研判模型."""

    version = models.CharField(max_length=40, unique=True)
    trained_at = models.DateTimeField()
    starters = models.PositiveIntegerField(help_text="Examples the product brought along.")
    own = models.PositiveIntegerField(help_text="Closed cases of this installation.")
    measured = models.JSONField(help_text="Out of five folds: accuracy, macro_f1, calibration_error, coverage_at_95.")
    data = models.BinaryField(help_text="cases.reading.Reader as it is saved.")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.version


class DayCount(models.Model):
    """How many cases a day has had; its row is locked while a number is taken 编号流水."""

    day = models.DateField(primary_key=True)
    last = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.day}: {self.last}"


class Case(models.Model):
    """One thing to be settled for one who asked 办件."""

    number = models.CharField(max_length=20, unique=True, help_text="LQ + date + running number.")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="cases")
    place = models.ForeignKey(Place, models.PROTECT, related_name="cases")
    street = models.ForeignKey(Place, models.PROTECT, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="cases")
    case_class = models.CharField(max_length=12, choices=CaseClass.choices)
    title = models.CharField(max_length=120)
    body = models.TextField(blank=True)
    source = models.CharField(max_length=12, choices=Source.choices)
    state = models.CharField(max_length=20, choices=State.choices)
    contact_name = models.CharField(max_length=60, blank=True, help_text="Who asked, where it is no user of ours.")
    contact_phone = models.CharField(max_length=30, blank=True)
    said_enterprise = models.CharField(
        max_length=120, blank=True, help_text="For which enterprise they say they ask; nobody has checked it yet."
    )
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="cases")
    dispatch_basis = models.CharField(max_length=20, choices=Basis.choices)
    dispatch_reason = models.CharField(max_length=200, blank=True, help_text="What the person said who sent it on.")
    dispatch_row = models.ForeignKey(DispatchRow, models.PROTECT, null=True, related_name="+")
    handler = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="handled_cases")
    opened_at = models.DateTimeField()
    accept_term = models.CharField(max_length=20, help_text="The limits as they stood when it was opened, kit.clock.")
    contact_term = models.CharField(max_length=20, blank=True)
    close_term = models.CharField(max_length=20)
    extend_term = models.CharField(max_length=20, blank=True)
    counted_from = models.DateTimeField(help_text="Whence due_at is counted: opened, or reopened.")
    accept_due_at = models.DateTimeField()
    contact_due_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    due_why = models.JSONField(default=list, help_text="The steps of the count, kit.clock.")
    due_provisional = models.BooleanField(default=False)
    extended = models.BooleanField(default=False)
    accepted_at = models.DateTimeField(null=True)
    contacted_at = models.DateTimeField(null=True, help_text="First word to the one who asked, an answer included.")
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    route = models.CharField(max_length=12, choices=Route.choices, blank=True)
    closed_at = models.DateTimeField(null=True)
    reopened = models.PositiveSmallIntegerField(default=0)
    accept_told_at = models.DateTimeField(null=True, help_text="When the tick told that nobody accepted it in time.")
    contact_told_at = models.DateTimeField(null=True, help_text="When the tick told that nobody spoke to them in time.")
    near_told_at = models.DateTimeField(null=True, help_text="When the tick told that little time was left.")
    overdue_told_at = models.DateTimeField(null=True, help_text="When the tick told that the time was over.")
    rating = models.PositiveSmallIntegerField(null=True, validators=[MinValueValidator(1), MaxValueValidator(5)])
    rating_comment = models.CharField(max_length=500, blank=True)
    rated_at = models.DateTimeField(null=True)
    rated_by = models.CharField(max_length=10, choices=RatedBy.choices, blank=True)
    solved = models.CharField(max_length=8, choices=Solved.choices, blank=True, help_text="Asked with the rating.")
    proposal = models.JSONField(
        default=dict, help_text="What the reader proposed when it was opened: version, label, confidence, reasons."
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="parts", help_text="Settled together with this one 并案."
    )

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="case_state_due"),
            models.Index(fields=["department", "state", "due_at"], name="case_department"),
            models.Index(fields=["enterprise", "opened_at"], name="case_enterprise"),
            models.Index(fields=["street", "opened_at"], name="case_street"),
            models.Index(fields=["street", "number"], name="case_street_number"),
            models.Index(fields=["street", "state", "number"], name="case_street_state"),
            models.Index(fields=["street", "closed_at", "state"], name="case_street_closed"),
            models.Index(fields=["handler", "state", "number"], name="case_handler"),
            models.Index(fields=["place", "state"], name="case_place"),
            models.Index(fields=["place", "-number", "state"], name="case_place_number"),
            models.Index(fields=["place", "closed_at", "number"], name="case_place_closed"),
            models.Index(
                fields=["rating", "place", "street", "number", "state"],
                condition=Q(rating__isnull=False),
                name="case_rating",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="case_state_known"),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_at__isnull=False), name="case_closed_has_time"
            ),
            models.CheckConstraint(condition=Q(rating=None) | Q(rating__range=(1, 5)), name="case_rating_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Attachment(models.Model):
    """A file with a case: a picture, a PDF, an Office file 附件."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    size = models.PositiveIntegerField(help_text="Bytes, as kept.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what is kept.")
    file = models.FileField(upload_to="cases/%Y/%m/", max_length=200)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Reference(models.Model):
    """Under which number another house knows a case; the same number is never taken in twice 外部编号."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="references")
    street = models.ForeignKey(Place, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    external_id = models.CharField(max_length=80)
    received_on = models.DateField(null=True, help_text="When the other house got it.")
    returned_at = models.DateTimeField(null=True, help_text="When the answer was last handed back.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["street", "channel", "external_id"], name="reference_once"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="reference_channel_known"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.external_id}"


class Batch(models.Model):
    """A file of another house as it was read, and which of its rows have become cases 来件批次."""

    street = models.ForeignKey(Place, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    file_name = models.CharField(max_length=120)
    rows = models.JSONField(help_text="cases.channels.Incoming of each row; `case` once it has become one.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name


class PublicForm(models.Model):
    """A form by which anybody may ask, which other sites may show inside their pages 网页表单."""

    street = models.OneToOneField(Place, models.CASCADE, related_name="+")
    token = models.SlugField(max_length=40, unique=True)
    on = models.BooleanField(default=False)
    sites = models.JSONField(default=list, help_text="Origins that may embed it, such as https://park.example.cn.")
    greeting = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.token


class Watch(models.Model):
    """A user wants to hear of everything that happens to a case 关注."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="watches")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "case"], name="watch_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.case_id}"


class SavedView(models.Model):
    """A list of cases as somebody set it up, under a name; shared, it is there for everybody of the street 常用视图.

    It keeps what is asked, never the answer: each reader sees their own cases through it.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=30)
    query = models.CharField(max_length=1000, help_text="The list's own address parameters.")
    street = models.ForeignKey(Place, models.CASCADE, null=True, related_name="+", help_text="Shared with its staff.")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """A user wants to hear once a day which cases have come into a kept list; it goes when the list goes 订阅."""

    view = models.ForeignKey(SavedView, models.CASCADE, related_name="subscriptions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    told_on = models.DateField(help_text="The last day on which it was looked at.")
    known = models.JSONField(null=True, help_text="Ids of the cases in the list then; null: the list asks anew.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "view"], name="subscription_once")]
        indexes = [models.Index(fields=["told_on"], name="subscription_due")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.view_id}"


class Pause(models.Model):
    """A span in which a case waited for what the enterprise had to bring; the clock stood still 等待补充."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="pauses")
    round = models.PositiveSmallIntegerField(help_text="How often the case had been reopened then.")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    asked = models.CharField(max_length=2000, help_text="Everything that is missing, told at once 一次性告知.")
    supplied = models.CharField(max_length=2000, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    remind_at = models.DateTimeField(help_text="When the enterprise is reminded, once.")
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["since"]
        constraints = [
            models.UniqueConstraint(fields=["case", "round"], name="pause_once_a_round"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="pause_ends_after_its_start"
            ),
        ]
        indexes = [models.Index(fields=["remind_at"], condition=Q(until=None, reminded_at=None), name="pause_remind")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.since:%Y-%m-%d}"


class Extension(models.Model):
    """More time asked for by one person and granted or refused by another 延期申请."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="extensions")
    round = models.PositiveSmallIntegerField(help_text="How often the case had been reopened then.")
    reason = models.CharField(max_length=2000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    granted = models.BooleanField(null=True, help_text="Empty: nobody has decided yet.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(fields=["case", "round"], name="extension_once_a_round"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(asked_by=None) | ~Q(decided_by=F("asked_by")),
                name="extension_decided_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.asked_at:%Y-%m-%d}"


class RatingLink(models.Model):
    """An address by which one who has no account rates once; only its digest is kept 评价链接."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="rating_links")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hex.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.case_id}: {self.ends_at:%Y-%m-%d}"


class Rectification(models.Model):
    """What became of a bad rating: verified, mended, asked again 差评整改."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="rectifications")
    stars = models.PositiveSmallIntegerField()
    comment = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=12, choices=Mending.choices)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="By when it is verified and mended.")
    finding = models.CharField(max_length=2000, blank=True)
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    measures = models.CharField(max_length=2000, blank=True)
    mended_at = models.DateTimeField(null=True)
    revisit = models.CharField(max_length=2000, blank=True)
    ended_at = models.DateTimeField(null=True)
    late_told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=Mending.values), name="rectification_state_known"),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["to_verify", "to_mend", "to_revisit"]),
                name="rectification_one_open",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="rectification_due")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.state}"


class Exclusion(models.Model):
    """A case asked by one person, and granted or refused by another, to be left out of the rates 剔除."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="exclusion")
    ground = models.CharField(max_length=12, choices=Ground.choices)
    reason = models.CharField(max_length=2000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    granted = models.BooleanField(null=True, help_text="Empty: nobody has decided yet.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(asked_by=None) | ~Q(decided_by=F("asked_by")),
                name="exclusion_decided_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.ground}"


class Receivable(models.Model):
    """The money that a case is about: how much, from whom, since when, and what was agreed 拖欠款项."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="receivable")
    amount = models.DecimalField(max_digits=14, decimal_places=2, help_text="Yuan.")
    debtor = models.CharField(max_length=8, choices=Debtor.choices)
    debtor_name = models.CharField(max_length=120)
    delivered_on = models.DateField()
    agreed_days = models.PositiveSmallIntegerField(null=True)
    agreed_daily = models.DecimalField(max_digits=8, decimal_places=6, null=True, help_text="Share of the sum a day.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="receivable_more_than_nothing")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.amount}"


class CaseMaterial(models.Model):
    """One thing that the guide of the service asked for: handed in, or owed by a day 办件材料.

    A copy of the guide's line as it stood when the materials were checked: a guide written anew changes no case.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="materials")
    name = models.CharField(max_length=200)
    later = models.BooleanField(help_text="May come after the case was taken on 可容缺.")
    state = models.CharField(max_length=8, choices=MaterialState.choices)
    promised_for = models.DateField(null=True, help_text="By which day the enterprise promised it 告知承诺.")
    remind_on = models.DateField(null=True)
    reminded_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True, help_text="When it came, was waived, or its promise ended.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why it need not come, or how the promise ended.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "name"], name="case_material_once"),
            models.CheckConstraint(condition=Q(state__in=MaterialState.values), name="case_material_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["owed", "failed"]) | Q(later=True, promised_for__isnull=False),
                name="case_material_owed_by_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["waived", "failed"]) | ~Q(reason=""), name="case_material_end_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["remind_on"], condition=Q(state="owed", reminded_at=None), name="case_material_remind")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.name}"


class Strand(models.Model):
    """A part of a case that another section, or the community, does at the same time 协办事项 (会签、并联办理)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="strands")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="strands")
    community = models.ForeignKey(
        Place, models.PROTECT, null=True, related_name="+", help_text="Which does it, where no section does."
    )
    task = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=StrandState.choices)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="By when; never after the case itself is due.")
    handler = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    result = models.CharField(max_length=2000, blank=True)
    ended_at = models.DateTimeField(null=True)
    late_told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=StrandState.values), name="strand_state_known"),
            models.CheckConstraint(
                condition=Q(department=None, community__isnull=False) | Q(department__isnull=False, community=None),
                name="strand_of_one",
            ),
        ]
        indexes = [models.Index(fields=["department", "state"], name="strand_department")]

    @property
    def whose(self) -> str:
        """The name of the section or the community that does it, in the reader's language."""
        return self.department.title if self.department else str(self.community)

    def __str__(self) -> str:
        return f"{self.case_id}: {self.task}"


class CommunityDuty(models.Model):
    """Something that stands on a community's list: it may be asked for without the secretary's acceptance 社区事项清单."""

    community = models.ForeignKey(Place, models.CASCADE, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    since = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["community", "category"], name="community_duty_once")]

    def __str__(self) -> str:
        return f"{self.community}: {self.category}"


class Objection(models.Model):
    """A section says that a case was sent to it wrongly, and somebody else decides 派单异议."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="objections")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", help_text="Which objects.")
    row = models.ForeignKey(DispatchRow, models.PROTECT, null=True, related_name="+", help_text="By which it was sent.")
    proposed = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=2000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    upheld = models.BooleanField(null=True, help_text="Empty: nobody has decided yet.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=2000, blank=True)
    sent_to = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(decided_at=None), name="objection_one_open"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(asked_by=None) | ~Q(decided_by=F("asked_by")),
                name="objection_decided_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.department}"


class Escalation(models.Model):
    """A question that no section can settle alone, brought before the joint meeting 提请联席会议."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="escalations")
    question = models.CharField(max_length=2000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    resolution = models.CharField(max_length=2000, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(decided_at=None), name="escalation_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.asked_at:%Y-%m-%d}"


class Nudge(models.Model):
    """Somebody presses for a case: the one who asked, or a leader; it waits in the worker's basket 催办督办."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="nudges")
    kind = models.CharField(max_length=12, choices=Pressed.choices)
    text = models.CharField(max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    reply = models.CharField(max_length=2000, blank=True)
    replied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    replied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=Pressed.values), name="nudge_kind_known")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.kind}"


class Merge(models.Model):
    """That a case was joined to another about the same thing, and how it stood before, so that it can be undone 并案."""

    part = models.ForeignKey(Case, models.CASCADE, related_name="merges")
    main = models.ForeignKey(Case, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=500)
    before = models.JSONField(help_text="State, section, handler and times of the part before it was joined.")
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    merged_at = models.DateTimeField()
    split_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    split_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(part=F("main")), name="merge_not_into_itself"),
            models.UniqueConstraint(fields=["part"], condition=Q(split_at=None), name="merge_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.part_id} → {self.main_id}"
