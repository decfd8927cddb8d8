"""What a browser says of a visit. Nothing about place, hour or picture is ever asked (国办函〔2026〕12号)."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from linqi.cases.forms import CategoryField
from linqi.cases.models import Case
from linqi.catalogue.models import Category
from linqi.catalogue.queries import categories_offered
from linqi.enterprises import dictionary
from linqi.kit.clock import today
from linqi.visits.models import MustVisitRule, Visit
from linqi.visits.rules import Reason


class PlanForm(forms.Form):
    """When to go; and, when the firm was seen only lately and nothing new asks for it, why."""

    planned_for = forms.DateField(
        label=_("计划日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    why_again = forms.CharField(label=_("为何近期再访"), max_length=200, required=False)

    def __init__(self, *args: Any, soon: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not soon:
            del self.fields["why_again"]


class RecordForm(forms.Form):
    """What a visit brought."""

    MET: Final = [_("负责人"), _("行政人事"), _("财务"), _("前台"), _("员工代表")]
    met = forms.CharField(
        label=_("见到谁"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "met-roles"}),
        help_text=_("写身份，不写姓名。"),
    )
    summary = forms.CharField(
        label=_("走访情况"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": _("一两句话即可")}),
    )
    next_step = forms.CharField(label=_("下一步"), max_length=200, required=False)
    visited_on = forms.DateField(label=_("走访日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    why_again = forms.CharField(label=_("为何近期再访"), max_length=200, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, soon: bool = False, visit: Visit | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"visited_on": today(), **(_so_far(visit) if visit else {})})
        super().__init__(*args, **kwargs)
        if visit is None:
            del self.fields["seen"]
        self.fields["visited_on"].widget.attrs["max"] = today().isoformat()
        if not soon:
            del self.fields["why_again"]


def _so_far(visit: Visit) -> dict[str, Any]:
    """What was said of a visit already on somebody's device, and which edition of it one sees."""
    return {"met": visit.met, "summary": visit.summary, "next_step": visit.next_step, "seen": visit.edition}


class FactForm(forms.Form):
    """Something learnt of the enterprise, as the field's dictionary reads it."""

    key = forms.ChoiceField(label=_("哪项信息"))
    value = forms.CharField(label=_("内容"), max_length=500, help_text=_("如 35、1200万、是、2026-11-23。"))
    period = forms.CharField(
        label=_("期间"), max_length=10, required=False, help_text=_("按年度或月份统计的才填，如 2025、2026-03。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [
            one for one in dictionary.fields().values() if one.asked_for and not one.personal and one.type != "list"
        ]
        self.fields["key"].choices = [("", _("请选择")), *((one.key, one.label) for one in asked)]  # type: ignore[attr-defined]


class ClueForm(forms.Form):
    """Something that may be a risk."""

    text = forms.CharField(
        label=_("看到或听到什么"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("线索先由人核实，不直接作为处理依据。"),
    )


class ProblemForm(forms.Form):
    """A need or a problem that becomes a case, or joins one that is open."""

    category = CategoryField(Category.objects.none(), label=_("诉求类别"))
    title = forms.CharField(label=_("事项"), max_length=120)
    body = forms.CharField(
        label=_("详细情况"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    join = forms.ChoiceField(label=_("是同一件事吗？"), required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, user: Any, similar: list[Case], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        assert isinstance(category, CategoryField)
        category.set_categories(categories_offered(user))
        if similar:
            self.fields["join"].required = True
            self.fields["join"].choices = [  # type: ignore[attr-defined]
                ("new", _("不是，新开办件")),
                *((str(case.pk), f"{case.number} {case.title}") for case in similar),
            ]
        else:
            del self.fields["join"]


class RuleForm(forms.Form):
    """How one kind of must-visit is to hold in a street, and from which day; its trigger is the condition editor's."""

    since = forms.DateField(label=_("生效日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    first_visit = forms.IntegerField(label=_("首次走访时限（工作日）"), min_value=1, max_value=60)
    repeat = forms.IntegerField(
        label=_("再访间隔（天）"), min_value=1, max_value=730, required=False, help_text=_("空着表示走访一次即可。")
    )
    most = forms.IntegerField(
        label=_("回访次数"),
        min_value=0,
        max_value=12,
        required=False,
        help_text=_("填了次数，触发条件过后仍回访；空着表示条件还在就按间隔再访。"),
    )
    presses = forms.BooleanField(label=_("30 天内走访过也要再去"), required=False)
    weight = forms.DecimalField(label=_("权重"), min_value=Decimal("0.1"), max_value=Decimal(20), decimal_places=2)
    who = forms.CharField(label=_("由谁走访"), max_length=200, help_text=_("写岗位，不写姓名。"))
    ask = forms.CharField(
        label=_("要问什么"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}), help_text=_("一行一个问题。")
    )
    done_when = forms.CharField(label=_("完成标准"), max_length=200)
    legal = forms.CharField(
        label=_("法律提示"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    source = forms.CharField(label=_("依据"), max_length=300, help_text=_("如文件名称与文号。"))

    def __init__(self, *args: Any, reason: Reason, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason = reason
        self.fields["since"].widget.attrs["min"] = today().isoformat()

    @staticmethod
    def initial_of(row: MustVisitRule) -> dict[str, Any]:
        """What stands there now; the source is asked for anew."""
        return {
            "since": today(),
            "first_visit": row.first_visit,
            "repeat": row.repeat,
            "most": row.most,
            "presses": row.presses,
            "weight": row.weight,
            "who": row.who,
            "ask": "\n".join(row.ask),
            "done_when": row.done_when,
            "legal": row.legal,
            "source": "" if row.is_default else row.source,
        }

    def clean_ask(self) -> list[str]:
        lines = [line.strip()[:200] for line in self.cleaned_data["ask"].splitlines()]
        return [line for line in lines if line]

    def said(self) -> dict[str, Any]:
        """The columns of the rule but the trigger."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "since"}


class OrderForm(forms.Form):
    """How the must-visit list is ordered: urgency, lateness, and what each step of value weighs."""

    urgency = forms.DecimalField(label=_("时限用尽时增加的倍数"), min_value=0, max_value=9, decimal_places=2)
    late_step = forms.IntegerField(label=_("每超期多少天加 1 倍"), min_value=1, max_value=365)
    late_most = forms.IntegerField(label=_("超期最多计多少天"), min_value=0, max_value=730)

    def __init__(self, *args: Any, steps: list[tuple[str, Decimal]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.steps = len(steps)
        for at, (name, factor) in enumerate(steps):
            self.fields[f"step{at}"] = forms.DecimalField(
                label=name, min_value=Decimal("0.1"), max_value=10, decimal_places=2, initial=factor
            )
        self.fields["source"] = forms.CharField(label=_("依据"), max_length=300, help_text=_("如文件名称与文号。"))

    def said(self) -> dict[str, Any]:
        """What `actions.set_order` takes."""
        plain = {name: self.cleaned_data[name] for name in ("urgency", "late_step", "late_most", "source")}
        return {**plain, "factors": [self.cleaned_data[f"step{at}"] for at in range(self.steps)]}
