"""What comes from the pages of accounts."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linqi.accounts import queries, rules
from linqi.accounts.models import RoleRecord, User
from linqi.kit.access import PERMISSIONS
from linqi.territory.models import Place


class ProfileForm(forms.ModelForm[User]):
    """What somebody may correct about themselves."""

    class Meta:
        model = User
        fields = ["display_name", "email"]
        labels = {"display_name": _("姓名"), "email": _("邮箱")}
        help_texts = {"email": _("填写后，重要通知会同时发到邮箱。")}


class GrantForm(forms.Form):
    """Which role, over what, on which dates; only what the giver may manage is offered."""

    role = forms.ModelChoiceField(RoleRecord.objects.none(), label=_("角色"), to_field_name="code")
    place = forms.ModelChoiceField(
        Place.objects.none(), label=_("负责范围"), required=False, help_text=_("企业用户、科室经办不填。")
    )
    department = forms.ModelChoiceField(
        RoleRecord.objects.none(), label=_("科室"), required=False, help_text=_("仅科室经办填写。")
    )
    enterprise = forms.CharField(
        label=_("统一社会信用代码"), required=False, max_length=18, help_text=_("仅企业用户填写。")
    )
    since = forms.DateField(label=_("起始日期"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(
        label=_("终止日期"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_("从这一天起不再拥有；不填则长期有效。"),
    )

    def __init__(self, *args: Any, giver: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.giver = giver
        fields: dict[str, Any] = self.fields
        fields["role"].queryset = queries.roles()
        fields["place"].queryset = queries.targets(giver, "place")
        for name in ("role", "place", "department"):
            fields[name].empty_label = gettext("请选择")
        fields["role"].label_from_instance = lambda role: gettext(role.label)
        fields["department"].label_from_instance = lambda department: gettext(department.name)
        fields["place"].label_from_instance = lambda place: f"{gettext(place.get_kind_display())} {place.name}"
        fields["department"].queryset = queries.targets(giver, "department").filter(until=None)

    def clean(self) -> dict[str, Any]:
        """Keep what the role is held over; the other two are dropped, a missing one is asked for."""
        data = super().clean() or {}
        role: RoleRecord | None = data.get("role")
        if role is None:
            return data
        what = rules.over(role.code)
        if what == "enterprise" and data.get("enterprise"):
            code = str(data["enterprise"]).strip().upper()
            data["enterprise"] = queries.targets(self.giver, "enterprise").filter(Q(uscc=code)).first()
            if data["enterprise"] is None:
                self.add_error("enterprise", _("您的管理范围内没有这家企业。"))
        elif not data.get(what) and what not in self.errors:
            self.add_error(what, _("这个角色须填写此项。"))
        for other in {"place", "department", "enterprise"} - {what}:
            data[other] = None
        return data

    def grant(self) -> dict[str, Any]:
        """The cleaned values as `actions.give_grant` takes them."""
        names = ("place", "department", "enterprise", "since", "until")
        return {"role": self.cleaned_data["role"].code, **{name: self.cleaned_data[name] for name in names}}


class NewUserForm(GrantForm):
    """A new user with a first role, held from today."""

    username = forms.CharField(label=_("用户名"), max_length=150, validators=[User.username_validator])
    display_name = forms.CharField(label=_("姓名"), max_length=40)
    field_order = ["username", "display_name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["since"], self.fields["until"]

    def clean_username(self) -> str:
        """A name that is not taken, in whatever case."""
        username = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("这个用户名已被使用。"))
        return username

    def user(self) -> dict[str, Any]:
        """The cleaned values as `actions.create_user` takes them."""
        data = self.cleaned_data
        names = ("username", "display_name", "place", "department", "enterprise")
        return {"role": data["role"].code, **{name: data[name] for name in names}}


class RoleForm(forms.Form):
    """The permissions of a role as boxes to tick, one group an app."""

    permissions = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, label=_("权限"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["permissions"]
        field.choices = [(one.name, gettext(one.label)) for one in PERMISSIONS.values()]
