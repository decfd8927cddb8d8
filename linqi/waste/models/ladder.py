"""Tasks made of confirmed clues, the steps of the ladder, what was said against them, and what haulers report."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linqi.cases.attachments import Kind
from linqi.cases.models import Case
from linqi.enterprises.models import Enterprise
from linqi.kit.clock import ZONE
from linqi.organisation.models import Company
from linqi.territory.models import Place
from linqi.waste.flow import ENDED, OPEN, HaulKind, Hearing, Said, TaskState
from linqi.waste.kinds import Stream
from linqi.waste.models.clues import Clue
from linqi.waste.models.registry import Bin, Point
from linqi.waste.rules.ladder import StepKind

FINISHED = sorted(one.value for one in ENDED)
RUNNING = sorted(one.value for one in OPEN)


class LadderTerms(models.Model):
    """From how many confirmed clues a task is made in a street, and how long each step may take 成案条件与期限.

    A row that has counted is never rewritten: it ends and another takes its place. Without a row `rules.ladder.DEFAULT` holds.
    """

    street = models.ForeignKey(Place, models.CASCADE, related_name="+")
    clues = models.PositiveSmallIntegerField()
    days = models.PositiveSmallIntegerField()
    remind = models.CharField(max_length=20, help_text="A kit.clock Term, e.g. '3 working_days'.")
    order = models.CharField(max_length=20)
    recheck = models.CharField(max_length=20)
    refer = models.CharField(max_length=20)
    source = models.CharField(max_length=200)
    since = models.DateField()
    until = models.DateField(null=True, help_text="First day it no longer counts.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["street"], condition=Q(until=None), name="ladder_terms_one_open"),
            models.CheckConstraint(condition=Q(clues__gte=1, days__gte=1), name="ladder_terms_positive"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="ladder_terms_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.street}: {self.clues}/{self.days}"


class Task(models.Model):
    """What several confirmed clues of one bin ask for, until it is corrected or in the officers' hands 线索任务.

    One open task per bin, whatever runs beside it: the table's own key decides. Whom it addresses a person has named, out of those who
    could have been it; `told_at` is when the addressed party first heard of it, and nobody outside sees it before.
    """

    bin = models.ForeignKey(Bin, models.PROTECT, related_name="tasks")
    point = models.ForeignKey(Point, models.PROTECT, null=True, related_name="tasks")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="Of the point, where the bin stood.")
    street = models.ForeignKey(Place, models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=TaskState.choices)
    made_at = models.DateTimeField()
    why = models.CharField(max_length=100, help_text="By which threshold it was made.")
    shares = models.JSONField(default=list, help_text="Who could have been it when it was made, rules.tracing.Share.")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    company = models.ForeignKey(Company, models.PROTECT, null=True, related_name="+")
    as_responsible = models.BooleanField(
        default=False, help_text="Addressed as the one who answers for the point, not as the one who threw in."
    )
    addressed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    addressed_at = models.DateTimeField(null=True)
    addressed_why = models.CharField(max_length=300, blank=True)
    told_at = models.DateTimeField(null=True)
    offence = models.CharField(max_length=12, blank=True, help_text="Which row of data/law.yaml the last order named.")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["bin"], condition=Q(ended_at=None), name="task_one_open_per_bin"),
            models.CheckConstraint(condition=Q(state__in=sorted(TaskState.values)), name="task_state_known"),
            models.CheckConstraint(
                condition=Q(ended_at=None, state__in=RUNNING) | Q(ended_at__isnull=False, state__in=FINISHED),
                name="task_ended_when_ended",
            ),
            models.CheckConstraint(condition=Q(enterprise=None) | Q(company=None), name="task_addresses_one"),
            models.CheckConstraint(
                condition=Q(told_at=None) | Q(enterprise__isnull=False) | Q(company__isnull=False),
                name="task_told_to_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["street", "state"], name="task_street_state"),
            models.Index(fields=["enterprise", "told_at"], name="task_enterprise"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """How it is called on paper."""
        return f"FL{self.made_at.astimezone(ZONE):%Y%m%d}-{self.pk:04d}"


class TaskClue(models.Model):
    """That a confirmed clue belongs to a task; to one only 任务线索."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="evidence")
    clue = models.OneToOneField(Clue, models.PROTECT, related_name="of_task")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["clue__at", "pk"]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.clue_id}"


class Step(models.Model):
    """One rung of the ladder, as it was climbed: what was said, by which articles, and the case that keeps its time 处置步骤."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=8, choices=StepKind.choices)
    text = models.TextField(help_text="What the addressed party was told, word for word.")
    law = models.JSONField(default=list, help_text="The articles shown with it: citation and words.")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    began_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    outcome = models.CharField(max_length=300, blank=True, help_text="What came of it.")
    taken_back = models.BooleanField(default=False)
    late_told_at = models.DateTimeField(null=True, help_text="When the tick told that its time was over.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=Q(ended_at=None), name="step_one_open"),
            models.CheckConstraint(condition=Q(kind__in=sorted(StepKind.values)), name="step_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.kind}"


class Referral(models.Model):
    """What was handed to the officers: the offence, its article and band in words, the two officers, and what they answered 移送.

    The band is kept as it was written; no amount is worked out. `checks`: what the Penalties Law asks, as found that day.
    """

    step = models.OneToOneField(Step, models.PROTECT, related_name="referral")
    offence = models.CharField(max_length=12)
    citation = models.CharField(max_length=80)
    act = models.CharField(max_length=80)
    band = models.CharField(max_length=120)
    officer_a = models.CharField(max_length=40)
    certificate_a = models.CharField(max_length=40)
    officer_b = models.CharField(max_length=40)
    certificate_b = models.CharField(max_length=40)
    reason = models.CharField(max_length=500)
    checks = models.JSONField(default=list)
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(certificate_a=F("certificate_b")), name="referral_two_officers"),
            models.CheckConstraint(
                condition=~Q(officer_a="") & ~Q(officer_b="") & ~Q(certificate_a="") & ~Q(certificate_b=""),
                name="referral_officers_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citation} {self.act}"


class Statement(models.Model):
    """What the addressed party says, an enterprise or a company: that it has corrected, or why it should not be it 陈述申辩.

    `by_staff`: taken down for a party without an account. A defence is answered by a person.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="statements")
    kind = models.CharField(max_length=10, choices=Said.choices)
    text = models.CharField(max_length=2000)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_staff = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=Hearing.choices, default=Hearing.WAITING.value)
    answer = models.CharField(max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=sorted(Said.values)), name="statement_kind_known"),
            models.CheckConstraint(condition=Q(state__in=sorted(Hearing.values)), name="statement_state_known"),
            models.CheckConstraint(
                condition=Q(state="waiting", answered_at=None) | (~Q(state="waiting") & Q(answered_at__isnull=False)),
                name="statement_answered_when_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.kind}"


class Paper(models.Model):
    """A file that came with a statement, cleaned as attachments are 陈述附件."""

    statement = models.ForeignKey(Statement, models.CASCADE, related_name="papers")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of what is kept.")
    file = models.FileField(upload_to="waste/papers/%Y/%m/", max_length=200)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class HaulReport(models.Model):
    """One load as the hauler has it: source, kind, amount, destination, and whether it was sorted as it should 收运台账."""

    point = models.ForeignKey(Point, models.PROTECT, related_name="hauls")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="Of the point, for scopes.")
    bin = models.ForeignKey(Bin, models.PROTECT, null=True, related_name="hauls")
    hauler = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=HaulKind.choices)
    stream = models.CharField(max_length=12, choices=Stream.choices)
    kilograms = models.DecimalField(max_digits=9, decimal_places=2, null=True, help_text="Empty: not weighed.")
    destination = models.CharField(max_length=120, blank=True)
    hauled_at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    clue = models.OneToOneField(Clue, models.PROTECT, null=True, related_name="haul")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    struck_at = models.DateTimeField(null=True, help_text="When it was struck out as a mistake; the row stays.")
    struck_why = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-hauled_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=sorted(HaulKind.values)), name="haul_kind_known"),
            models.CheckConstraint(condition=Q(stream__in=sorted(Stream.values)), name="haul_stream_known"),
            models.CheckConstraint(condition=Q(kilograms=None) | Q(kilograms__gte=0), name="haul_weight_positive"),
            models.CheckConstraint(
                condition=~Q(kind="taken") | (~Q(destination="") & Q(clue=None)), name="haul_taken_somewhere"
            ),
        ]
        indexes = [models.Index(fields=["place", "hauled_at"], name="haul_place")]

    def __str__(self) -> str:
        return f"{self.hauler} {self.hauled_at:%Y-%m-%d}"


class ChainLink(models.Model):
    """One link of the chain of a clue or of a task, hashed with the one before 全流程链节."""

    clue = models.ForeignKey(Clue, models.CASCADE, null=True, related_name="links")
    task = models.ForeignKey(Task, models.CASCADE, null=True, related_name="links")
    number = models.PositiveIntegerField()
    at = models.CharField(max_length=40, help_text="ISO 8601, as it was hashed.")
    what = models.CharField(max_length=20)
    data = models.JSONField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(clue=None, task__isnull=False) | Q(clue__isnull=False, task=None), name="chain_link_of_one"
            ),
            models.UniqueConstraint(fields=["clue", "number"], condition=Q(task=None), name="chain_link_of_clue_once"),
            models.UniqueConstraint(fields=["task", "number"], condition=Q(clue=None), name="chain_link_of_task_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.what}"
