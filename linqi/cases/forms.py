"""What a browser says of a case."""

from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from linqi.cases.flow import Mend, Move
from linqi.cases.models import Ground
from linqi.catalogue.models import CaseClass, Category
from linqi.catalogue.queries import grouped_by_window
from linqi.enterprises.models import Enterprise
from linqi.kit.clock import Unit
from linqi.organisation.models import Department
from linqi.territory.models import Place


class CategoryField(forms.ModelChoiceField[Category]):
    """A category, the choices grouped by window."""

    def set_categories(self, categories: QuerySet[Category]) -> None:
        """Offer these, in their order."""
        self.queryset = categories
        self.choices = [("", _("请选择")), *grouped_by_window(categories)]


class CaseForm(forms.Form):
    """A new request: where, what about, in one sentence, and more if one likes."""

    place = forms.ModelChoiceField(Place.objects.none(), label=_("地点"), empty_label=None)
    category = CategoryField(Category.objects.none(), label=_("诉求类别"))
    title = forms.CharField(
        label=_("事项"), max_length=120, widget=forms.TextInput(attrs={"placeholder": _("一句话说清楚要办什么")})
    )
    body = forms.CharField(
        label=_("详细情况"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, places: QuerySet[Place], categories: QuerySet[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = places  # type: ignore[attr-defined]
        category = self.fields["category"]
        assert isinstance(category, CategoryField)
        category.set_categories(categories)


class OwnCaseForm(CaseForm):
    """A new request of an enterprise user, who may speak for more than one enterprise."""

    enterprise = forms.ModelChoiceField(Enterprise.objects.none(), label=_("企业"), empty_label=None)
    field_order = ("enterprise", "category", "title", "body", "place")

    def __init__(self, *args: Any, enterprises: QuerySet[Enterprise], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["enterprise"].queryset = enterprises  # type: ignore[attr-defined]


class SayForm(forms.Form):
    """The words that go with a move: an answer, or a reason."""

    text = forms.CharField(label=_("说明"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label


class DepartmentField(forms.ModelChoiceField[Department]):
    """A section under its name in the reader's language."""

    def label_from_instance(self, obj: Department) -> str:
        return obj.title


class DispatchForm(SayForm):
    """To which section, and why."""

    department = DepartmentField(Department.objects.none(), label=_("派给"), empty_label=_("请选择科室"))
    field_order = ("department", "text")

    def __init__(self, *args: Any, departments: QuerySet[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]


class RatingForm(forms.Form):
    """One to five stars, and what the enterprise wants to say."""

    STARS: Final = [
        ("5", _("★★★★★ 非常满意")),
        ("4", _("★★★★ 满意")),
        ("3", _("★★★ 基本满意")),
        ("2", _("★★ 不满意")),
        ("1", _("★ 非常不满意")),
    ]
    stars = forms.ChoiceField(label=_("您对这次办理是否满意？"), choices=STARS, widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("想说的话"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class ExclusionForm(forms.Form):
    """On what ground, and why, a case should be left out of the rates."""

    ground = forms.ChoiceField(label=_("剔除事由"), choices=[(one.value, _(one.label)) for one in Ground])
    reason = forms.CharField(label=_("剔除理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class LimitForm(forms.Form):
    """A street's own time limit for one class of cases."""

    UNITS: Final = [(one.value, _(one.label)) for one in Unit]
    case_class = forms.ChoiceField(label=_("办件类型"))
    accept_amount = forms.DecimalField(label=_("受理时限"), min_value=0, max_digits=6, decimal_places=1)
    accept_unit = forms.ChoiceField(label=_("受理时限单位"), choices=UNITS)
    contact_amount = forms.DecimalField(
        label=_("首次联系时限"),
        min_value=0,
        max_digits=6,
        decimal_places=1,
        required=False,
        help_text=_("不填为不计首次联系。"),
    )
    contact_unit = forms.ChoiceField(
        label=_("首次联系时限单位"), choices=UNITS, initial=Unit.WORKING_HOURS.value, required=False
    )
    close_amount = forms.DecimalField(label=_("办结时限"), min_value=0, max_digits=6, decimal_places=1)
    close_unit = forms.ChoiceField(label=_("办结时限单位"), choices=UNITS)
    extend_amount = forms.DecimalField(
        label=_("可延期"),
        min_value=0,
        max_digits=6,
        decimal_places=1,
        required=False,
        help_text=_("与办结时限同单位，只可延一次；不填为不可延期。"),
    )
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("街道文件的名称与文号。"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["case_class"].choices = [(one.value, _(one.label)) for one in CaseClass]  # type: ignore[attr-defined]

    def terms(self) -> dict[str, str]:
        """The limits as terms of kit.clock."""
        said = self.cleaned_data
        extend = f"{said['extend_amount']:f} {said['close_unit']}" if said["extend_amount"] else ""
        unit = said["contact_unit"] or Unit.WORKING_HOURS.value
        contact = f"{said['contact_amount']:f} {unit}" if said["contact_amount"] else ""
        return {
            "contact": contact,
            "accept": f"{said['accept_amount']:f} {said['accept_unit']}",
            "close": f"{said['close_amount']:f} {said['close_unit']}",
            "extend": extend,
        }


class RowForm(forms.Form):
    """Which section settles a category in a street; empty: the secretary decides each time."""

    category = forms.ModelChoiceField(Category.objects.all(), widget=forms.HiddenInput)
    department = DepartmentField(
        Department.objects.none(),
        label=_("承办科室"),
        required=False,
        empty_label=_("由书记逐件派单"),
        widget=forms.Select(attrs={"class": "form-select w-auto"}),
    )

    def __init__(self, *args: Any, departments: QuerySet[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]


SAY: Final[dict[Move | Mend, Any]] = {  # what a move asks for in words; moves without an entry need none
    Move.ANSWER: _("答复内容"),
    Move.CONTACT: _("联系情况"),
    Move.ASK_MORE: _("还要企业补充什么（一次写全）"),
    Move.SUPPLY: _("补充内容"),
    Move.ASK_EXTENSION: _("延期原因"),
    Move.GRANT_EXTENSION: _("审批意见"),
    Move.REFUSE_EXTENSION: _("不同意的理由"),
    Move.SEND_BACK: _("退单理由"),
    Move.REDISPATCH: _("派单理由"),
    Mend.UPHOLD: _("核实情况"),
    Mend.REJECT: _("核实不成立的理由"),
    Mend.MEND: _("整改措施"),
    Mend.CONTENT: _("回访情况"),
    Mend.DISCONTENT: _("哪里仍不满意"),
    Move.REOPEN: _("哪里还没有解决"),
    Move.WITHDRAW: _("撤回原因"),
}
