"""Enterprises, where they are, what is known of them and from whom."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linqi.kit.choices import Choice
from linqi.kit.identifiers import mask_name
from linqi.territory.models import Place


class EntityType(Choice):
    """What the registry calls it 主体类型 (enterprise_fields.yaml, entity_type)."""

    COMPANY = "company", "公司"
    PARTNERSHIP = "partnership", "合伙企业"
    SOLE_PROPRIETOR_ENTERPRISE = "sole_proprietor_enterprise", "个人独资企业"
    SELF_EMPLOYED = "self_employed", "个体工商户"
    BRANCH = "branch", "分支机构"
    FOREIGN_REP = "foreign_rep", "外国企业代表机构"
    NGO = "ngo", "社会组织"
    CO_OP = "co_op", "农民专业合作社"
    PUBLIC_INSTITUTION = "public_institution", "事业单位"


class RegistrationStatus(Choice):
    """Where the registry says it stands 登记状态."""

    ACTIVE = "active", "存续"
    MOVED_OUT = "moved_out", "迁出"
    DEREGISTERING = "deregistering", "注销中"
    DEREGISTERED = "deregistered", "注销"
    REVOKED = "revoked", "吊销"


class Enterprise(models.Model):
    """One enterprise as the registry knows it 企业.

    The registry's own fields are columns here, with one source and one date; everything else known of it is a `Fact`.
    Empty means unknown.
    """

    uscc = models.CharField(max_length=18, blank=True, help_text="Unified social credit code, GB 32100-2015.")
    old_number = models.CharField(max_length=15, blank=True, help_text="15-digit registration number from before 2015.")
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200, help_text="Name in one form for comparing and sorting.")
    entity_type = models.CharField(max_length=30, choices=EntityType.choices, blank=True)
    registration_status = models.CharField(max_length=20, choices=RegistrationStatus.choices, blank=True)
    established_on = models.DateField(null=True)
    registered_capital = models.DecimalField(
        max_digits=20, decimal_places=2, null=True, help_text="Whole units of currency."
    )
    capital_currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217.")
    registered_address = models.CharField(max_length=300, blank=True)
    registration_region = models.CharField(max_length=6, blank=True, help_text="GB/T 2260, six digits.")
    business_scope = models.TextField(blank=True)
    industry_code = models.CharField(max_length=5, blank=True, help_text="GB/T 4754-2017, like I6513; or empty.")
    industry_source = models.CharField(max_length=20, blank=True, help_text="given | scope (read from the scope).")
    seat = models.ForeignKey(
        Place, models.SET_NULL, null=True, related_name="seated", help_text="Principal place today, from tenancies."
    )
    source = models.CharField(max_length=200, help_text="Where the registry fields come from.")
    as_of = models.DateField(help_text="The day for which the source speaks.")
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged", db_index=False)
    head = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="branches", help_text="Head office, for a branch 总部."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [  # nearly all rows are unmerged: a plain index on merged_into would lead SQLite away from the order
            models.Index(fields=["name_key", "id"], condition=Q(merged_into=None), name="enterprise_name"),
            models.Index(fields=["established_on", "id"], condition=Q(merged_into=None), name="enterprise_age"),
            models.Index(fields=["industry_code", "id"], condition=Q(merged_into=None), name="enterprise_industry"),
            models.Index(fields=["registered_capital", "id"], condition=Q(merged_into=None), name="enterprise_capital"),
            models.Index(fields=["old_number"], name="enterprise_old_number"),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="enterprise_merged"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["uscc"], condition=~Q(uscc="") & Q(merged_into=None), name="enterprise_uscc_once"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")), name="enterprise_not_itself"
            ),
        ]

    def __str__(self) -> str:
        """Fit for a log or the journal, so without a self-employed person's name; pages ask `queries.shown_name`."""
        return mask_name(self.name) if self.entity_type == EntityType.SELF_EMPLOYED else self.name


class Relation(Choice):
    """What an enterprise does at a place 入驻关系."""

    REGISTERED = "registered", "仅注册"
    OPERATES = "operates", "仅经营"
    BOTH = "both", "注册并经营"


class Tenancy(models.Model):
    """An enterprise at a place, from when until when 入驻."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="tenancies", db_index=False)
    place = models.ForeignKey(Place, models.PROTECT, related_name="tenancies", db_index=False)
    relation = models.CharField(max_length=12, choices=Relation.choices)
    since = models.DateField(null=True, help_text="First day; empty when not known.")
    until = models.DateField(null=True, help_text="First day no longer there; empty while there.")
    room = models.CharField(max_length=60, blank=True, help_text="Room as written, when the unit is not on the tree.")
    area_m2 = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    shared = models.BooleanField(default=False, help_text="Shared office 共享办公.")
    clustered = models.BooleanField(default=False, help_text="Clustered registration 集群注册.")
    source = models.CharField(max_length=200)

    class Meta:
        indexes = [
            models.Index(fields=["enterprise", "until", "since", "place"], name="tenancy_enterprise"),
            models.Index(fields=["place", "until", "since", "enterprise"], name="tenancy_place"),
            models.Index(fields=["since"], name="tenancy_since"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(since=None) | Q(until__gt=F("since")), name="tenancy_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} @ {self.place}"


class SourceKind(Choice):
    """Who said so 来源类别."""

    REGISTER = "register", "部门数据"
    IMPORT = "import", "批量导入"
    ENTERPRISE = "enterprise", "企业自报"
    VISIT = "visit", "走访获知"
    GENERATED = "generated", "演示生成"


class Fact(models.Model):
    """One thing known of an enterprise: for which period, from which source, as of which day 事实.

    Conflicting facts stay side by side; `superseded_on` ends one without deleting it.
    """

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="facts", db_index=False)
    key = models.CharField(max_length=40, help_text="A field of the dictionary, enterprises/data/fields.yaml.")
    period = models.CharField(max_length=10, blank=True, help_text="'2025', '2026-03', or empty for undated ones.")
    value = models.JSONField(help_text="Typed by the dictionary; decimals as strings, dates as ISO text.")
    source_kind = models.CharField(max_length=12, choices=SourceKind.choices)
    source = models.CharField(max_length=200)
    as_of = models.DateField()
    confidence = models.FloatField(default=1.0)
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    superseded_on = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["enterprise", "key", "period"], name="fact_enterprise_key"),
            models.Index(fields=["key", "period"], name="fact_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.period}".strip()


class ClaimState(Choice):
    """What became of a claim 待核状态."""

    WAITING = "waiting", "待核实"
    CONFIRMED = "confirmed", "已采信"
    REJECTED = "rejected", "未采信"


class Claim(models.Model):
    """What somebody said of an enterprise, until one who may confirms it 待核信息."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="claims")
    key = models.CharField(max_length=40)
    period = models.CharField(max_length=10, blank=True)
    value = models.JSONField()
    said_by = models.CharField(max_length=40, help_text="A role, never a name: 前台, 财务负责人 …")
    said_on = models.DateField()
    origin = models.CharField(max_length=60, help_text="Where it was heard, e.g. visit:17.")
    state = models.CharField(max_length=10, choices=ClaimState.choices, default=ClaimState.WAITING)
    entered_at = models.DateTimeField(null=True, help_text="Since when it waits; empty where nobody wrote it down.")
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    fact = models.ForeignKey(
        Fact, models.SET_NULL, null=True, related_name="claims", help_text="Two claims may say the very same."
    )
    before = models.JSONField(null=True, help_text="What its confirmation made and superseded, for undo.")

    class Meta:
        indexes = [models.Index(fields=["state", "id"], name="claim_state")]

    def __str__(self) -> str:
        return f"{self.key}?"

    @property
    def visit(self) -> int | None:
        """The visit on which it was heard, by its number; None when it was heard elsewhere."""
        kind, _sign, number = self.origin.partition(":")
        return int(number) if kind == "visit" and number.isdigit() else None


class ImportState(Choice):
    """How far an import has come 导入状态."""

    READING = "reading", "读取中"
    PREVIEWED = "previewed", "待确认"
    APPLYING = "applying", "写入中"
    APPLIED = "applied", "已写入"
    UNDONE = "undone", "已撤销"
    FAILED = "failed", "失败"


class Outcome(Choice):
    """What becomes of a row; exactly one of the five 导入结果."""

    CREATED = "created", "新增"
    UPDATED = "updated", "更新"
    UNCHANGED = "unchanged", "相同"
    CONFLICT = "conflict", "冲突"
    REFUSED = "refused", "拒绝"


class Import(models.Model):
    """One file brought in: previewed, applied, and undone if need be 导入."""

    street = models.ForeignKey(Place, models.PROTECT, related_name="imports")
    file = models.FileField(upload_to="imports/%Y/%m/", max_length=200)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    source = models.CharField(max_length=200, help_text="What the file is, in the importer's words.")
    as_of = models.DateField()
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.READING)
    valid_only = models.BooleanField(default=True, help_text="Write the good rows although others are refused.")
    rows_total = models.PositiveIntegerField(null=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, help_text="When reading or writing began.")
    finished_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name


class ImportRow(models.Model):
    """What one row of the file did, with what stood there before 导入行."""

    batch = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(help_text="Row number in the user's file, header included, from 1.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.TextField(blank=True)
    name = models.CharField(max_length=200, blank=True)
    uscc = models.CharField(max_length=18, blank=True)
    enterprise = models.ForeignKey(Enterprise, models.SET_NULL, null=True, related_name="+")
    before = models.JSONField(null=True, help_text="Columns as they stood, for undo; empty for a new enterprise.")
    after = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "outcome", "number"], name="import_row_outcome")]

    def __str__(self) -> str:
        return f"{self.number}: {self.outcome}"


class PairKind(Choice):
    """What two records may be to one another 关系类型."""

    DUPLICATE = "duplicate", "疑似重复"
    BRANCH = "branch", "分支与总部"


class PairState(Choice):
    """What a person decided about a pair 处理结果."""

    PROPOSED = "proposed", "待判断"
    MERGED = "merged", "已合并"
    LINKED = "linked", "已关联"
    APART = "apart", "不是同一家"


class Pair(models.Model):
    """Two records that may be one enterprise, or branch and parent; a person decides 疑似同企."""

    left = models.ForeignKey(Enterprise, models.CASCADE, related_name="pairs_left")
    right = models.ForeignKey(Enterprise, models.CASCADE, related_name="pairs_right")
    kind = models.CharField(max_length=10, choices=PairKind.choices)
    probability = models.FloatField()
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=PairState.choices, default=PairState.PROPOSED)
    before = models.JSONField(null=True, help_text="What a merge moved, for undo.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["left", "right"], name="pair_once"),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="pair_in_order"),
        ]
        indexes = [models.Index(fields=["state", "-probability"], name="pair_state")]

    def __str__(self) -> str:
        return f"{self.left} ~ {self.right}"
