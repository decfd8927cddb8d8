"""What a browser says of a category."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linqi.catalogue.guides import as_read, written
from linqi.catalogue.models import CaseClass, Category, Guide, Service, Window
from linqi.organisation.queries import department_codes


class CategoryForm(forms.Form):
    """What a category is called, where it belongs, which kind of section settles it, how urgent it is."""

    name = forms.CharField(label=_("名称"), max_length=60)
    window = forms.ModelChoiceField(Window.objects.all(), label=_("所属窗口"), empty_label=None)
    department_code = forms.ChoiceField(
        label=_("默认承办科室"), help_text=_("各街道可在派单表中另行指定；这里只决定默认派给哪一类科室。")
    )
    case_class = forms.ChoiceField(label=_("办件类型"), help_text=_("决定受理和办结的时限。"))
    offered = forms.BooleanField(label=_("新建办件时可选"), required=False)

    def __init__(self, *args: Any, category: Category, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "name": category.name,
                "window": category.window_id,
                "department_code": category.department_code,
                "case_class": category.case_class,
                "offered": category.offered,
            },
        )
        super().__init__(*args, **kwargs)
        self.fields["department_code"].choices = department_codes()  # type: ignore[attr-defined]
        self.fields["case_class"].choices = [(one.value, _(one.label)) for one in CaseClass]  # type: ignore[attr-defined]


class GuideForm(forms.Form):
    """What one has to bring for a service, and what happens then."""

    ROWS = {"rows": 6}
    category = forms.ModelChoiceField(
        Category.objects.none(), label=_("对应的诉求类别"), required=False, empty_label=_("不对应")
    )
    who = forms.CharField(label=_("办理对象"), max_length=300, required=False)
    materials = forms.CharField(
        label=_("材料清单"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs=ROWS),
        help_text=_("每行一种；可以先受理、后补交的，在行末写“（可容缺）”。"),
    )
    steps = forms.CharField(
        label=_("办理流程"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs=ROWS),
        help_text=_("每行一步。"),
    )
    basis = forms.CharField(label=_("办理依据"), max_length=300, required=False)
    limit = forms.CharField(label=_("办理时限"), max_length=100, required=False)
    fee = forms.CharField(label=_("收费"), max_length=100, required=False)
    where = forms.CharField(label=_("办理地点与咨询电话"), max_length=300, required=False)

    def __init__(self, *args: Any, service: Service, guide: Guide | None, **kwargs: Any) -> None:
        if guide is not None:
            kwargs["initial"] = {
                "category": guide.category_id,
                "materials": written(as_read(guide.materials)),
                "steps": "\n".join(guide.steps),
                **{name: getattr(guide, name) for name in ("who", "basis", "limit", "fee", "where")},
            }
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = service.window.categories.all()  # type: ignore[attr-defined]
