"""What comes from a browser about policies; the conditions have their own editor."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.conditions.tree import check
from linqi.enterprises.known import book
from linqi.kit.clock import today
from linqi.policies.models import Confidence, Delivery, Kind, Level, PolicyVersion
from linqi.policies.rules import BenefitKind

_DAY: Final = {"type": "date"}
ROWS_OF_BENEFITS: Final = 8


class PolicyForm(forms.Form):
    """A new policy of the street."""

    name_zh = forms.CharField(label=gettext_lazy("政策名称"), max_length=120)
    key = forms.SlugField(
        label=gettext_lazy("编号"), max_length=60, help_text=gettext_lazy("英文字母、数字和短横，如 street-rent-2026")
    )
    kind = forms.ChoiceField(label=gettext_lazy("类别"), choices=Kind.choices)
    level = forms.ChoiceField(label=gettext_lazy("层级"), choices=Level.choices)
    delivery = forms.ChoiceField(label=gettext_lazy("兑现途径"), choices=Delivery.choices)
    issuers = forms.CharField(
        label=gettext_lazy("发文单位"), max_length=200, required=False, help_text=gettext_lazy("几个单位用顿号隔开")
    )

    def clean_issuers(self) -> list[str]:
        """The issuers one by one."""
        parts = self.cleaned_data["issuers"].replace("，", "、").replace(",", "、").split("、")
        return [part.strip() for part in parts if part.strip()]


class VersionForm(forms.Form):
    """What a draft says beside its conditions."""

    document_no = forms.CharField(label=gettext_lazy("文号"), max_length=120, required=False)
    since = forms.DateField(label=gettext_lazy("生效日"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))
    until = forms.DateField(
        label=gettext_lazy("失效日"), required=False, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    window_since = forms.DateField(
        label=gettext_lazy("申报开始"), required=False, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    window_until = forms.DateField(
        label=gettext_lazy("申报截止"), required=False, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    confidence = forms.ChoiceField(label=gettext_lazy("可信度"), choices=Confidence.choices)
    source = forms.CharField(
        label=gettext_lazy("来源"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("一行一个"),
    )
    transition = forms.CharField(
        label=gettext_lazy("过渡说明"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    manual = forms.CharField(
        label=gettext_lazy("由主管部门认定的事项"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("一行一项"),
    )
    materials = forms.CharField(
        label=gettext_lazy("申报材料"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("一行一份；平台已有的写成“材料 = 字段或资质代码”，如“高企证书 = HNTE”，届时不再索要"),
    )

    @classmethod
    def of(cls, version: PolicyVersion, data: Any = None) -> "VersionForm":
        """The form of a draft as it stands."""
        lines = [f"{one['name']} = {one['held']}" if one.get("held") else one["name"] for one in version.materials]
        return cls(
            data,
            initial={
                **{
                    name: getattr(version, name)
                    for name in (
                        "document_no",
                        "since",
                        "until",
                        "window_since",
                        "window_until",
                        "confidence",
                        "transition",
                    )
                },
                "source": "\n".join(version.source),
                "manual": "\n".join(version.manual),
                "materials": "\n".join(lines),
            },
        )

    def changes(self) -> dict[str, Any]:
        """The columns that the form writes."""
        said = dict(self.cleaned_data)
        materials = []
        for line in _lines(said["materials"]):
            name, _sign, held = line.partition("=")
            materials.append({"name": name.strip()[:120], "held": held.strip()})
        return said | {"source": _lines(said["source"]), "manual": _lines(said["manual"]), "materials": materials}


class MoveForm(forms.Form):
    """What a move of an application may ask for."""

    reason = forms.CharField(label=gettext_lazy("说明"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    amount = forms.CharField(label=gettext_lazy("核定金额（元）"), required=False)
    account_holder = forms.CharField(label=gettext_lazy("户名"), required=False, max_length=120)
    account_tail = forms.CharField(label=gettext_lazy("账号后四位"), required=False, max_length=4)

    def __init__(self, *args: Any, asked: tuple[str, ...] = (), **said: Any) -> None:
        super().__init__(*args, **said)
        for name in set(self.fields) - set(asked):
            del self.fields[name]


class BudgetForm(forms.Form):
    """The budget of a year."""

    year = forms.IntegerField(label=gettext_lazy("年度"), min_value=2000, max_value=2100, initial=lambda: today().year)
    amount = forms.DecimalField(label=gettext_lazy("预算（元）"), min_value=0, max_digits=15, decimal_places=2)


def benefits_of(post: Any) -> list[dict[str, Any]]:
    """The rows of benefits in a form; ValidationError that names the row. A row without a name is left out."""
    made = []
    for at in range(ROWS_OF_BENEFITS):
        name = (post.get(f"benefit-{at}-name") or "").strip()
        if not name:
            continue
        kind = post.get(f"benefit-{at}-kind") or BenefitKind.OTHER.value
        row: dict[str, Any] = {"name": name[:120], "kind": kind, "ceiling": bool(post.get(f"benefit-{at}-ceiling"))}
        row |= {key: (post.get(f"benefit-{at}-{key}") or "").strip() for key in ("per", "note", "formula")}
        row["tiers"] = _tiers(post.get(f"benefit-{at}-tiers") or "") if kind == BenefitKind.TIERED else []
        for key in ("amount", "cap", "ratio"):
            text = (post.get(f"benefit-{at}-{key}") or "").replace(",", "").strip()
            try:
                row[key] = Decimal(text) if text else None
            except InvalidOperation:
                raise ValidationError(
                    _("支持内容第 %(row)s 行：%(text)s 不是数字。") % {"row": at + 1, "text": text}
                ) from None
        if kind == BenefitKind.FIXED and row["amount"] is None:
            raise ValidationError(_("支持内容第 %(row)s 行：定额要写金额。") % {"row": at + 1})
        if kind in (BenefitKind.RATIO, BenefitKind.FORMULA) and not row["formula"]:
            raise ValidationError(_("支持内容第 %(row)s 行：要写公式或基数字段。") % {"row": at + 1})
        made.append(row)
    return made


def _tiers(text: str) -> list[dict[str, Any]]:
    """The tiers of a benefit, which the form carries along unchanged; ValidationError for anything else."""
    try:
        tiers = json.loads(text or "[]")
        good = isinstance(tiers, list) and all(isinstance(one, dict) and "when" in one for one in tiers)
    except ValueError:
        good = False
    if not good or any(check(one["when"], book(), "tiers") for one in tiers):
        raise ValidationError(_("分档的条件有误。"))
    kept: list[dict[str, Any]] = tiers
    return kept


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
