"""What a browser says about the ladder."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from linqi.accounts.models import User
from linqi.cases.forms import CategoryField
from linqi.catalogue.models import Category
from linqi.catalogue.queries import categories_offered
from linqi.conditions import values, words
from linqi.conditions.tree import Comparison
from linqi.kit.clock import today
from linqi.ladder import queries
from linqi.ladder.rules import Board, Step, Tier
from linqi.organisation.models import Department

OUT: Final = "out"


def _day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **more)


class MoveForm(forms.Form):
    """Into which tier, and why."""

    to = forms.ChoiceField(label=_("调整到"))
    why = forms.CharField(label=_("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, standing: Tier | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(tier.value, _now(tier.label)) for tier in Tier if tier != standing]
        out = [] if standing is None else [(OUT, _("出库"))]
        self.fields["to"].choices = [*offered, *out]  # type: ignore[attr-defined]

    @property
    def tier(self) -> Tier | None:
        """The tier that was chosen; None for off the ladder."""
        return None if self.cleaned_data["to"] == OUT else Tier(self.cleaned_data["to"])


class OwnerForm(forms.Form):
    """Who looks after a firm."""

    owner = forms.ModelChoiceField(User.objects.none(), label=_("责任人"), required=False, empty_label=_("暂不指定"))

    def __init__(self, *args: Any, owners: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(pk__in=[one.pk for one in owners])  # type: ignore[attr-defined]


class PlanForm(forms.Form):
    """By when a step should be reached."""

    step = forms.ChoiceField(label=_("里程碑"))
    planned_on = _day(_("计划日期"))

    def __init__(self, *args: Any, steps: list[Step], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["step"].choices = [(step.value, _now(step.label)) for step in steps]  # type: ignore[attr-defined]


class ReachForm(PlanForm):
    """That a step was reached, and by which evidence."""

    reached_on = _day(_("达到日期"))
    evidence = forms.CharField(
        label=_("依据"), max_length=200, help_text=_("公示、受理通知书、营业执照等，写明名称和文号。")
    )
    public = forms.BooleanField(label=_("依据是主管部门或交易所的公示"), required=False)
    board = forms.ChoiceField(label=_("板块"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["planned_on"]
        self.fields["reached_on"].widget.attrs["max"] = today().isoformat()
        self.fields["board"].choices = [("", _now("未定")), *((one.value, _now(one.label)) for one in Board)]  # type: ignore[attr-defined]


class CultivationForm(forms.Form):
    """What is done for a firm, who does it, and how many working days it may take."""

    title = forms.CharField(
        label=_("做什么"),
        max_length=120,
        widget=forms.TextInput(attrs={"placeholder": _("如：对接会计师事务所，规范近三年账目")}),
    )
    who = forms.ChoiceField(label=_("谁来做"))
    days = forms.IntegerField(label=_("期限（工作日）"), min_value=1, max_value=500, initial=60)

    def __init__(self, *args: Any, owners: list[User], departments: list[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owners = {f"u{one.pk}": one for one in owners}
        self.departments = {f"d{one.pk}": one for one in departments}
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            ("", _now("请选择")),
            (_now("人员"), [(key, str(one)) for key, one in self.owners.items()]),
            (_now("科室"), [(key, one.title) for key, one in self.departments.items()]),
        ]

    @property
    def said(self) -> dict[str, Any]:
        """As the action asks for it."""
        who = self.cleaned_data["who"]
        return {
            "title": self.cleaned_data["title"],
            "term": f"{self.cleaned_data['days']} working_days",
            "owner": self.owners.get(who),
            "department": self.departments.get(who),
        }


class ResultForm(forms.Form):
    """What came of a measure, or why it is not done."""

    result = forms.CharField(label=_("结果或理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class HandForm(forms.Form):
    """What kind of case a measure becomes."""

    category = CategoryField(Category.objects.none(), label=_("诉求类别"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        assert isinstance(category, CategoryField)
        category.set_categories(categories_offered(user))


class GroundForm(forms.Form):
    """From when a changed rule counts, and on which ground."""

    since = _day(_("生效日期"))
    source = forms.CharField(label=_("依据"), max_length=300, help_text=_("文件名称和文号，或会议、领导批示的日期。"))
    note = forms.CharField(label=_("说明"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"].widget.attrs["min"] = today().isoformat()


class RuleForm(GroundForm):
    """The figures of a condition, each with the unit people say it in; from when they count, and on which ground.

    What a condition is made of stays as it is: only its thresholds are asked.
    """

    def __init__(self, *args: Any, when: Any, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.when = when
        self.asked = list(_figures(when, ()))
        rest = {key: self.fields.pop(key) for key in ("since", "source", "note")}
        for at, (path, one) in enumerate(self.asked):
            node = queries.read(one)
            assert isinstance(node, Comparison)
            unit, factor = _unit(node, one)
            value = values.plain_number(node.on(day) / factor)
            self.fields[f"value{at}"] = forms.DecimalField(
                label=f"{words.sentence(node, queries.book(), day)}{_in_unit(unit)}",
                initial=format(value.normalize(), "f"),
                max_digits=18,
                decimal_places=6,
            )
            self.asked[at] = (path, {"factor": factor, "unit": unit})
        self.fields |= rest

    @property
    def changed(self) -> Any:
        """The condition with the figures as they were entered, in the units of the fields."""
        made = deepcopy(self.when)
        for at, (path, asked) in enumerate(self.asked):
            entered: Decimal = self.cleaned_data[f"value{at}"]
            exact = values.plain_number(values.exact(entered) * asked["factor"])
            place = made
            for step in path:
                place = place[step]
            place["value"] = int(exact) if exact == exact.to_integral_value() else float(exact)
            if asked["unit"] == "CNY":
                place.pop("unit", None)
        return made


def _figures(when: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every comparison with a number, and where it stands."""
    if isinstance(when, dict):
        if isinstance(when.get("value"), (int, float)) and not isinstance(when["value"], bool):
            yield path, when
        for key in ("all", "any", "of", "not"):
            if key in when:
                yield from _figures(when[key], (*path, key))
    if isinstance(when, list):
        for at, one in enumerate(when):
            yield from _figures(one, (*path, at))


def _unit(node: Comparison, written: Any) -> tuple[str, Fraction]:
    """The unit in which a threshold is asked, and how much of the field's own unit it is."""
    unit = queries.book()[node.key].unit if node.key else written.get("unit", "")
    if unit == "CNY":
        return "CNY", Fraction(10_000)
    return (unit, Fraction(1, 100)) if unit in ("ratio", "percent", "%") else (unit, Fraction(1))


def _in_unit(unit: str) -> str:
    if unit == "CNY":
        return _now("（填万元）")
    return _now("（填百分数）") if unit in ("ratio", "percent", "%") else ""
