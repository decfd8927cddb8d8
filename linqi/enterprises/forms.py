"""What comes from a browser about enterprises 企业表单."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from linqi.enterprises import dictionary
from linqi.enterprises.models import Enterprise, EntityType, RegistrationStatus, Relation, SourceKind
from linqi.enterprises.queries import PlaceChoice, locate
from linqi.kit.clock import today
from linqi.kit.identifiers import Code, read_code
from linqi.territory.models import Place

SAID_BY = (  # roles, never names; product default
    ("法定代表人", _("法定代表人")),
    ("总经理", _("总经理")),
    ("财务负责人", _("财务负责人")),
    ("人事负责人", _("人事负责人")),
    ("行政人员", _("行政人员")),
    ("前台", _("前台")),
    ("物业", _("物业")),
    ("其他", _("其他")),
)


class Day(forms.DateInput):
    """A day picked from the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class RegistryForm(forms.Form):
    """The registry's fields of an enterprise; empty means unknown."""

    name = forms.CharField(label=_("企业名称"), max_length=200)
    uscc = forms.CharField(
        label=_("统一社会信用代码"), max_length=30, required=False, help_text=_("18 位；老企业可填 15 位注册号。")
    )
    entity_type = forms.ChoiceField(label=_("主体类型"), choices=[("", _("未知")), *EntityType.choices], required=False)
    registration_status = forms.ChoiceField(
        label=_("登记状态"), choices=[("", _("未知")), *RegistrationStatus.choices], required=False
    )
    established_on = forms.DateField(label=_("成立日期"), required=False, widget=Day())
    registered_capital = forms.CharField(
        label=_("注册资本"), max_length=40, required=False, help_text=_("人民币，可写“500万”。不知道就留空，不要填 0。")
    )
    registered_address = forms.CharField(label=_("住所"), max_length=300, required=False)
    business_scope = forms.CharField(
        label=_("经营范围"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    industry_code = forms.RegexField(
        label=_("行业代码"),
        regex=r"^[A-T]\d{2,4}$",
        required=False,
        help_text=_("GB/T 4754-2017，如 I6513。"),
        error_messages={"invalid": _("应为一个字母加 2 至 4 位数字，如 I6513。")},
    )
    source = forms.CharField(label=_("信息来源"), max_length=200, help_text=_("如：营业执照、部门名册。"))
    as_of = forms.DateField(label=_("信息日期"), widget=Day(), initial=today)

    def __init__(self, *args: Any, enterprise: Enterprise | None = None, **kwargs: Any) -> None:
        if enterprise is not None:
            kwargs.setdefault("initial", _initial(enterprise))
        super().__init__(*args, **kwargs)
        self.foreign = bool(enterprise and enterprise.capital_currency not in ("", "CNY"))
        if self.foreign:  # an amount in another currency is not to be overwritten as yuan
            self.fields["registered_capital"].disabled = True

    def clean_uscc(self) -> str:
        """A credit code or an old number with a right check digit, or nothing."""
        read = read_code(self.cleaned_data["uscc"])
        if read.kind != Code.NOTHING and not read.usable:
            raise ValidationError(read.problem)
        self.code = read
        return read.text

    def clean_registered_capital(self) -> Decimal | None:
        """Yuan, or None when not known."""
        text = self.cleaned_data["registered_capital"]
        if not text or self.foreign:
            return None
        found = dictionary.parse("registered_capital", text)
        if isinstance(found, dictionary.Problem):
            raise ValidationError(found.message)
        return Decimal(found)

    def clean_as_of(self) -> date:
        """Not a day to come."""
        return _not_later(self.cleaned_data["as_of"])

    @property
    def columns(self) -> dict[str, Any]:
        """What was entered, as columns of the registry."""
        cleaned = dict(self.cleaned_data)
        code = cleaned.pop("uscc")
        old = self.code.kind == Code.OLD_NUMBER
        if old:
            cleaned["old_number"] = code
        else:
            cleaned["uscc"] = code
        if self.foreign:
            cleaned.pop("registered_capital")
        else:
            cleaned["capital_currency"] = "CNY" if cleaned["registered_capital"] is not None else ""
        wanted = {*RegistryForm.base_fields, "old_number", "capital_currency"}
        return {key: value for key, value in cleaned.items() if key in wanted}


class TenancyForm(forms.Form):
    """Where an enterprise is, in which way and from when."""

    place = forms.TypedChoiceField(label=_("楼宇或园区"), coerce=int)
    room = forms.CharField(
        label=_("房间"), max_length=60, required=False, help_text=_("如 301；已登记的单元会自动对上。")
    )
    relation = forms.ChoiceField(label=_("入驻关系"), choices=Relation.choices, initial=Relation.BOTH.value)
    since = forms.DateField(label=_("入驻日期"), required=False, widget=Day())
    shared = forms.BooleanField(label=_("共享办公"), required=False)
    clustered = forms.BooleanField(label=_("集群注册"), required=False)

    def __init__(self, *args: Any, places: Iterable[PlaceChoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [("", _("请选择")), *((one.pk, one.label) for one in places)]
        self.fields["place"].choices = listed  # type: ignore[attr-defined]

    @property
    def located(self) -> tuple[Place, str]:
        """The unit named by building and room when it is on the tree, else the building, and the room as written."""
        return locate(Place.objects.get(pk=self.cleaned_data["place"]), self.cleaned_data["room"])


class NewEnterpriseForm(RegistryForm, TenancyForm):
    """An enterprise that nobody has entered yet, with where it is."""

    field_order = ["name", "uscc", "place", "room", "relation", "since", "shared", "clustered"]


class EndTenancyForm(forms.Form):
    """The first day an enterprise is no longer there."""

    until = forms.DateField(label=_("迁出日期"), widget=Day(), initial=today, help_text=_("不再在此的第一天。"))


class ValueForm(forms.Form):
    """One field of the dictionary with its value: a fact with its source, or a claim with who said it."""

    key = forms.ChoiceField(label=_("项目"))
    period = forms.CharField(
        label=_("期间"), max_length=10, required=False, help_text=_("年度填 2025，月份填 2026-03，其余留空。")
    )
    value = forms.CharField(
        label=_("内容"), max_length=500, help_text=_("金额可写“1.2亿”“350万”，比例可写“12%”，是否类填“是”或“否”。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [(one.key, one.label) for one in dictionary.fields().values() if one.asked_for]
        self.fields["key"].choices = [("", _("请选择")), *asked]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The value as the dictionary keeps it, and a period that fits the field."""
        cleaned = super().clean() or {}
        if (key := cleaned.get("key")) and "value" in cleaned:
            found = dictionary.parse(key, cleaned["value"])
            if isinstance(found, dictionary.Problem):
                self.add_error("value", found.message)
            cleaned["value"] = found
            try:
                dictionary.check_period(key, cleaned.get("period", ""))
            except ValueError as problem:
                self.add_error("period", str(problem))
        return cleaned


class FactForm(ValueForm):
    """What a source says."""

    source_kind = forms.ChoiceField(
        label=_("来源类别"),
        choices=[one for one in SourceKind.choices if one[0] != SourceKind.GENERATED.value],
        initial=SourceKind.REGISTER.value,
    )
    source = forms.CharField(label=_("来源"), max_length=200, help_text=_("如：税务部门 2025 年度数据。"))
    as_of = forms.DateField(label=_("信息日期"), widget=Day(), initial=today)

    def clean_as_of(self) -> date:
        """Not a day to come."""
        return _not_later(self.cleaned_data["as_of"])


class ClaimForm(ValueForm):
    """What somebody said; by role, never by name."""

    said_by = forms.ChoiceField(label=_("谁说的"), choices=SAID_BY)
    said_on = forms.DateField(label=_("哪天说的"), widget=Day(), initial=today)

    def clean_said_on(self) -> date:
        """Not a day to come."""
        return _not_later(self.cleaned_data["said_on"])


class RejectForm(forms.Form):
    """Why a claim is not taken as a fact."""

    reason = forms.CharField(label=_("理由"), max_length=200)


def _not_later(day: date) -> date:
    if day > today():
        raise ValidationError(_("不能晚于今天。"))
    return day


def _initial(enterprise: Enterprise) -> dict[str, Any]:
    initial = {name: getattr(enterprise, name) for name in RegistryForm.base_fields}
    initial["uscc"] = enterprise.uscc or enterprise.old_number
    capital = enterprise.registered_capital
    initial["registered_capital"] = "" if capital is None else format(capital.normalize(), "f")
    return initial
