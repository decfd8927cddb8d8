"""What a browser says of a category."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linqi.catalogue.models import CaseClass, Category, Window
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
