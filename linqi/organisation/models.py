"""Departments, link teams, bodies with their seats, and the people who hold posts, all with dates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from linqi.enterprises.models import Enterprise
from linqi.kit.choices import Choice
from linqi.organisation.rules import (
    WHOLE,
    BodyKind,
    BodySeatRole,
    CompanyKind,
    Footing,
    Post,
    TeamRole,
    is_party,
    seat_name,
)
from linqi.territory.models import Place


class Department(models.Model):
    """A functional section of the street that settles cases 职能科室."""

    street = models.ForeignKey(Place, models.PROTECT, related_name="departments")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        ordering = ["street", "pk"]
        constraints = [models.UniqueConstraint(fields=["street", "code"], name="department_code_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """Its name in the reader's language, while it is one that the product brought."""
        return _(self.name)


class LinkTeam(models.Model):
    """One Party member, one operator and one property manager who look after a building 联楼小组."""

    building = models.ForeignKey(Place, models.PROTECT, related_name="link_teams")
    name = models.CharField(max_length=80)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["building"], condition=Q(until=None), name="link_team_one_per_building")
        ]

    def __str__(self) -> str:
        return self.name


class LinkTeamSeat(models.Model):
    """Who holds which of the three seats, from when until when; an empty seat has no row 小组成员."""

    team = models.ForeignKey(LinkTeam, models.CASCADE, related_name="seats")
    role = models.CharField(max_length=20, choices=TeamRole.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="link_seats")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "role"], condition=Q(until=None), name="link_seat_held_once")
        ]

    def __str__(self) -> str:
        return f"{self.team} {self.role}"


def _in_order(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name=name)


class Substitution(models.Model):
    """Somebody who sits for the holder of a link team's seat, from when until when 代班."""

    seat = models.ForeignKey(LinkTeamSeat, models.CASCADE, related_name="substitutions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    since = models.DateField()
    until = models.DateField(help_text="First day the holder is back; a substitution always ends.")

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="substitution_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.seat}"


class HandOver(models.Model):
    """What the one who leaves a link team's seat tells the one who takes it, and when it was received 交接."""

    seat = models.OneToOneField(LinkTeamSeat, models.CASCADE, related_name="hand_over", help_text="The new holder's.")
    note = models.TextField(max_length=2000)
    given_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.seat}"


class Person(models.Model):
    """Somebody who holds seats or posts, with or without an account 人员."""

    place = models.ForeignKey(
        Place, models.PROTECT, related_name="+", help_text="The street or community that keeps this person's record."
    )
    name = models.CharField(max_length=40)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    generated = models.BooleanField(default=False, help_text="Made by `linqi demo`.")

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Body(models.Model):
    """A body of the Party matrix, or the committee for economic-entity affairs, with its dates 组织.

    Which body stands over it is not written down: it follows from where its place stands on the day that is asked for.
    """

    kind = models.CharField(max_length=20, choices=BodyKind.choices)
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    since = models.DateField()
    until = models.DateField(null=True, help_text="First day it no longer exists; empty while it does.")
    generated = models.BooleanField(default=False, help_text="Made by `linqi demo`.")

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "bodies"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=BodyKind.values), name="body_kind_known"),
            _in_order("body_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def party(self) -> bool:
        """Whether it belongs to the Party matrix."""
        return is_party(self.kind)


class BodySeat(models.Model):
    """Who is what in a body, from when until when 组织任职."""

    body = models.ForeignKey(Body, models.CASCADE, related_name="seats")
    role = models.CharField(max_length=10, choices=BodySeatRole.choices)
    person = models.ForeignKey(Person, models.PROTECT, related_name="body_seats")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["body"], condition=Q(until=None, role=BodySeatRole.HEAD), name="body_one_head"
            ),
            _in_order("body_seat_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.body} {seat_name(self.body.kind, self.role)}"


class PostHolding(models.Model):
    """Who is secretary or specialist of an economic community, on which footing, and when 社区任职."""

    community = models.ForeignKey(Place, models.PROTECT, related_name="+")
    post = models.CharField(max_length=20, choices=Post.choices)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    footing = models.CharField(max_length=10, choices=Footing.choices)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["community", "post"], condition=Q(until=None), name="post_held_once"),
            _in_order("post_holding_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.community} {self.get_post_display()}"


class Company(models.Model):
    """A property company, an operator of parks, or one that lends staff to the communities 物业、运营、外包公司."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="Which street or community keeps it.")
    kind = models.CharField(max_length=12, choices=CompanyKind.choices)
    name = models.CharField(max_length=80)
    since = models.DateField()
    until = models.DateField(null=True)
    generated = models.BooleanField(default=False, help_text="Made by `linqi demo`.")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["place", "kind", "name"], condition=Q(until=None), name="company_once"),
            _in_order("company_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class Mandate(models.Model):
    """Which company manages or operates a park or building, and when 物业、运营委托."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="mandates")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [_in_order("mandate_dates_in_order")]

    def __str__(self) -> str:
        return f"{self.company} {self.place}"


class Employment(models.Model):
    """Who pays for how much of a person's time, and when: a community or a company 用工关系.

    A community worker belongs to the host community as well, an outsourced specialist to a company.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="employments")
    community = models.ForeignKey(Place, models.PROTECT, null=True, related_name="+")
    company = models.ForeignKey(Company, models.PROTECT, null=True, related_name="+")
    percent = models.PositiveSmallIntegerField()
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(community__isnull=False, company=None) | Q(community=None, company__isnull=False),
                name="employment_one_employer",
            ),
            models.CheckConstraint(condition=Q(percent__gte=1, percent__lte=WHOLE), name="employment_percent"),
            _in_order("employment_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.employer} {self.percent}%"

    @property
    def employer(self) -> Place | Company | None:
        """The community or the company."""
        return self.community if self.community_id is not None else self.company


class RosterState(Choice):
    """How far a roster has come 名册状态."""

    PREVIEWED = "previewed", "待确认"
    APPLIED = "applied", "已写入"
    UNDONE = "undone", "已撤销"


class Roster(models.Model):
    """A list of people with posts and employers, as brought in; nobody of it is written before it is applied 人员名册."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="The street or community it is for.")
    file_name = models.CharField(max_length=200)
    rows = models.JSONField(default=list, help_text="As read: number, values by column, problems of the file.")
    state = models.CharField(max_length=10, choices=RosterState.choices, default=RosterState.PREVIEWED)
    made = models.JSONField(default=dict, help_text="Ids of what it wrote, by model; what undoing takes back.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name


class Tie(models.Model):
    """A community Party member tied to an enterprise, its park and its employees 四联.

    It stands in the Party space: nothing leads back to it from the enterprise, and nothing that judges enterprises reads it.
    """

    member = models.ForeignKey(Person, models.PROTECT, related_name="ties")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    park = models.ForeignKey(Place, models.PROTECT, related_name="+")
    employees = models.CharField(max_length=80, help_text="Who speaks for the employees, by role and not by name.")
    since = models.DateField()
    until = models.DateField(null=True)
    generated = models.BooleanField(default=False, help_text="Made by `linqi demo`.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["member", "enterprise"], condition=Q(until=None), name="tie_once"),
            _in_order("tie_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.member} – {self.enterprise}"


class ServiceCentre(models.Model):
    """A centre for couriers, drivers and others in new kinds of work 新就业群体服务中心."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="The street or community it serves.")
    name = models.CharField(max_length=80)
    address = models.CharField(max_length=120, blank=True)
    since = models.DateField()
    until = models.DateField(null=True)
    generated = models.BooleanField(default=False, help_text="Made by `linqi demo`.")

    class Meta:
        ordering = ["pk"]
        constraints = [_in_order("service_centre_dates_in_order")]

    def __str__(self) -> str:
        return self.name


class CentreService(models.Model):
    """Something a service centre offers, and in what it is counted 服务项目."""

    centre = models.ForeignKey(ServiceCentre, models.CASCADE, related_name="services")
    name = models.CharField(max_length=40)
    unit = models.CharField(max_length=10)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["centre", "name"], name="centre_service_once")]

    def __str__(self) -> str:
        return self.name


class CentreCount(models.Model):
    """How often a service was used in a month; a month without a row is unknown, not zero 服务量."""

    service = models.ForeignKey(CentreService, models.CASCADE, related_name="counts")
    month = models.DateField(help_text="Its first day.")
    number = models.PositiveIntegerField()

    class Meta:
        ordering = ["-month"]
        constraints = [models.UniqueConstraint(fields=["service", "month"], name="centre_count_once")]

    def __str__(self) -> str:
        return f"{self.service} {self.month:%Y-%m}"
