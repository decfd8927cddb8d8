"""Departments of the street, and the teams that are linked to buildings."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from linqi.organisation.rules import TeamRole
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
