"""Users, the roles as data, and who holds which role over what."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from linqi.territory.models import Place


class User(AbstractUser):
    """Somebody who signs in 用户."""

    display_name = models.CharField(_("姓名"), max_length=40)
    language = models.CharField(max_length=10, default="zh-hans")
    must_change_password = models.BooleanField(
        default=False, help_text="The password was made by somebody else; nothing opens before it is changed."
    )
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.display_name or self.username


class ApiToken(models.Model):
    """A key by which a program acts as a user; only its digest is kept 接口令牌."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60, help_text="What it is for.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hex.")
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="Last used, to the hour.")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name


class RoleRecord(models.Model):
    """A role and the permissions it carries: data that the district may edit 角色.

    As long as `edited` is false the permissions follow the product's defaults (kit.access.PERMISSIONS) at each migrate.
    """

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=40)
    permissions = models.JSONField(default=list)
    edited = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.label


class Grant(models.Model):
    """A role held over a place, an enterprise or a department, on these dates 授权.

    Enterprises and departments live in apps above this one, so their ids are kept without a foreign key.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.ForeignKey(RoleRecord, models.PROTECT, related_name="grants")
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="+")
    enterprise = models.BigIntegerField(null=True)
    department = models.BigIntegerField(null=True)
    since = models.DateField()
    until = models.DateField(null=True, help_text="First day it is no longer held.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(place__isnull=False, enterprise=None, department=None)
                | Q(place=None, enterprise__isnull=False, department=None)
                | Q(place=None, enterprise=None, department__isnull=False),
                name="grant_over_exactly_one",
            ),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="grant_dates_in_order"),
        ]
        indexes = [
            models.Index(fields=["enterprise"], name="grant_enterprise"),
            models.Index(fields=["department"], name="grant_department"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"
