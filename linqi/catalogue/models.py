"""The nine windows, what they offer, and the categories by which requests are told apart."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linqi.kit.choices import Choice


class Window(models.Model):
    """One of the nine windows behind the one door 一门多窗."""

    code = models.SlugField(max_length=40, unique=True)
    number = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=80)
    owner_role = models.CharField(max_length=40, help_text="A role code of kit.access.Role.")

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return self.name_en if (get_language() or "").startswith("en") else self.name


class Service(models.Model):
    """Something a window does for an enterprise, basic or value-added 服务事项."""

    window = models.ForeignKey(Window, models.CASCADE, related_name="services")
    name = models.CharField(max_length=60)
    basic = models.BooleanField(help_text="Basic service (基本) rather than value-added (增值).")
    order = models.PositiveSmallIntegerField()
    is_default = models.BooleanField(default=True, help_text="Default of the product, not of the street.")

    class Meta:
        ordering = ["window", "order"]
        constraints = [models.UniqueConstraint(fields=["window", "name"], name="service_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """Its name in the reader's language, while it is one that the product brought."""
        return _(self.name)


class Guide(models.Model):
    """What one has to bring and what happens then, for one service 办事指南."""

    service = models.OneToOneField(Service, models.CASCADE, related_name="guide")
    category = models.ForeignKey(
        "Category", models.SET_NULL, null=True, related_name="+", help_text="Under which a request for it is noted."
    )
    who = models.CharField(max_length=300, blank=True, help_text="Who may ask for it 办理对象.")
    materials = models.JSONField(default=list, help_text="catalogue.guides.Material as they are written.")
    steps = models.JSONField(default=list, help_text="What happens, in order, as texts 办理流程.")
    basis = models.CharField(max_length=300, blank=True, help_text="Law or document it rests on 办理依据.")
    limit = models.CharField(max_length=100, blank=True, help_text="How long it takes, in words 办理时限.")
    fee = models.CharField(max_length=100, blank=True, help_text="收费.")
    where = models.CharField(max_length=300, blank=True, help_text="Counter, hours, phone, online address 办理地点.")
    changed_on = models.DateField()

    def __str__(self) -> str:
        return f"{self.service}"


class CaseClass(Choice):
    """The classes of requests; each has its own time limits 办件类型 (services.yaml, sla_default)."""

    EMERGENCY = "emergency", "紧急"
    CONSULT = "consult", "咨询"
    REQUEST = "request", "求助"
    COMPLAINT = "complaint", "投诉"
    REPORT = "report", "举报"
    SUGGESTION = "suggestion", "建议"
    COMPLEX = "complex", "疑难跨部门"


class Category(models.Model):
    """What a case is about: the key of the dispatch table 问题类别."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    window = models.ForeignKey(Window, models.PROTECT, related_name="categories")
    department_code = models.SlugField(
        max_length=40, help_text="Which section settles it unless the street says otherwise."
    )
    case_class = models.CharField(max_length=12, choices=CaseClass.choices, default=CaseClass.REQUEST)
    order = models.PositiveSmallIntegerField(default=0)
    offered = models.BooleanField(default=True, help_text="Whether new requests may choose it.")
    is_default = models.BooleanField(default=True, help_text="Default of the product, not of the street.")

    class Meta:
        ordering = ["window", "order", "code"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """Its name in the reader's language, while it is one that the product brought."""
        return _(self.name)
