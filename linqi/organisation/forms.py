"""What a browser says of departments and link teams."""

from typing import Any

from django import forms
from django.core.validators import validate_slug
from django.utils.translation import gettext_lazy as _

from linqi.accounts.models import User
from linqi.organisation.queries import candidates
from linqi.organisation.rules import TeamRole
from linqi.territory.models import Place


class DepartmentForm(forms.Form):
    """A new section of a street."""

    street = forms.ModelChoiceField(Place.objects.none(), label=_("街道"), empty_label=None)
    name = forms.CharField(label=_("科室名称"), max_length=60)
    code = forms.CharField(
        label=_("代码"),
        max_length=40,
        validators=[validate_slug],
        help_text=_("小写英文字母和连字符，如 economy。诉求类别按代码对应到科室。"),
    )

    def __init__(self, *args: Any, streets: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["street"].queryset = streets  # type: ignore[attr-defined]


class SeatForm(forms.Form):
    """Who holds one seat of a building's team; empty: nobody."""

    role = forms.ChoiceField(choices=TeamRole.choices, widget=forms.HiddenInput)
    user = forms.ModelChoiceField(User.objects.none(), label=_("由谁担任"), required=False, empty_label=_("空缺"))

    def __init__(self, *args: Any, building: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = candidates(building)  # type: ignore[attr-defined]
