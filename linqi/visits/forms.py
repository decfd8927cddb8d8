"""What a browser says of a visit. Nothing about place, hour or picture is ever asked (国办函〔2026〕12号)."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from linqi.cases.forms import CategoryField
from linqi.cases.models import Case
from linqi.catalogue.models import Category
from linqi.catalogue.queries import categories_offered
from linqi.enterprises import dictionary
from linqi.kit.clock import today


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

    def __init__(self, *args: Any, soon: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"visited_on": today()})
        super().__init__(*args, **kwargs)
        self.fields["visited_on"].widget.attrs["max"] = today().isoformat()
        if not soon:
            del self.fields["why_again"]


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
