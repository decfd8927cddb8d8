"""What a browser says of departments, link teams, bodies, people and companies."""

from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.validators import validate_slug
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linqi.accounts.models import User
from linqi.enterprises.models import Enterprise
from linqi.kit.choices import Choice
from linqi.organisation.models import Body, CentreService, Company, Person, ServiceCentre
from linqi.organisation.queries import candidates
from linqi.organisation.rules import WHOLE, BodySeatRole, CompanyKind, Footing, Post, TeamRole, seat_name
from linqi.territory.forms import DayInput
from linqi.territory.models import Place

UNTIL: Final = _("从这一天起不再有效；长期请留空。")


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
    note = forms.CharField(
        label=_("交接说明"),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("换人时写明在办和待办事项；新成员要确认收到。"),
    )

    def __init__(self, *args: Any, building: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = candidates(building)  # type: ignore[attr-defined]


class SubstituteForm(forms.Form):
    """Who sits for the holder of a seat, between which days."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("代班人"))
    since = forms.DateField(label=_("开始日期"), widget=DayInput)
    until = forms.DateField(label=_("返岗日期"), widget=DayInput, help_text=_("原成员回来的第一天。"))

    def __init__(self, *args: Any, building: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = candidates(building)  # type: ignore[attr-defined]


class BodyForm(forms.Form):
    """A new body: a Party organisation, or the committee."""

    kind = forms.ChoiceField(label=_("类型"), choices=[])
    place = forms.ModelChoiceField(Place.objects.none(), label=_("设在"))
    name = forms.CharField(label=_("名称"), max_length=80)
    since = forms.DateField(label=_("成立日期"), widget=DayInput)

    def __init__(self, *args: Any, kinds: Any, places: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["place"].queryset = places  # type: ignore[attr-defined]


class BodySeatForm(forms.Form):
    """Who takes which seat of a body, from when until when."""

    role = forms.ChoiceField(label=_("职务"), choices=[])
    person = forms.ModelChoiceField(Person.objects.none(), label=_("由谁担任"))
    since = forms.DateField(label=_("开始日期"), widget=DayInput)
    until = forms.DateField(label=_("结束日期"), widget=DayInput, required=False, help_text=UNTIL)

    def __init__(self, *args: Any, body: Body, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role.value, gettext(seat_name(body.kind, role))) for role in BodySeatRole
        ]
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


class EndForm(forms.Form):
    """The first day on which something no longer holds."""

    on = forms.DateField(label=_("结束日期"), widget=DayInput, help_text=UNTIL)


class PersonForm(forms.Form):
    """Somebody who will hold seats or posts."""

    name = forms.CharField(label=_("姓名"), max_length=40)
    place = forms.ModelChoiceField(Place.objects.none(), label=_("档案所在"), empty_label=None)
    user = forms.ModelChoiceField(User.objects.none(), label=_("系统账号"), required=False, empty_label=_("没有账号"))

    def __init__(self, *args: Any, places: QuerySet[Place], users: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = places  # type: ignore[attr-defined]
        self.fields["user"].queryset = users  # type: ignore[attr-defined]


class PostForm(forms.Form):
    """Which post somebody takes in which community."""

    community = forms.ModelChoiceField(Place.objects.none(), label=_("社区"), empty_label=None)
    post = forms.ChoiceField(label=_("岗位"), choices=[])
    footing = forms.ChoiceField(label=_("任职方式"), choices=[])
    since = forms.DateField(label=_("开始日期"), widget=DayInput)
    until = forms.DateField(label=_("结束日期"), widget=DayInput, required=False, help_text=UNTIL)

    def __init__(self, *args: Any, communities: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["community"].queryset = communities  # type: ignore[attr-defined]
        self.fields["post"].choices = _named(Post)  # type: ignore[attr-defined]
        self.fields["footing"].choices = _named(Footing)  # type: ignore[attr-defined]


class EmploymentForm(forms.Form):
    """Which employer pays for which share of somebody's time."""

    community = forms.ModelChoiceField(
        Place.objects.none(), label=_("用人社区"), required=False, empty_label=_("不是社区")
    )
    company = forms.ModelChoiceField(
        Company.objects.none(), label=_("用人公司"), required=False, empty_label=_("不是公司")
    )
    percent = forms.IntegerField(label=_("工时占比（%）"), min_value=1, max_value=WHOLE)
    since = forms.DateField(label=_("开始日期"), widget=DayInput)
    until = forms.DateField(label=_("结束日期"), widget=DayInput, required=False, help_text=UNTIL)

    def __init__(self, *args: Any, communities: QuerySet[Place], companies: QuerySet[Company], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["community"].queryset = communities  # type: ignore[attr-defined]
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]


class CompanyForm(forms.Form):
    """A company that works for the street."""

    name = forms.CharField(label=_("公司名称"), max_length=80)
    kind = forms.ChoiceField(label=_("类型"), choices=[])
    place = forms.ModelChoiceField(Place.objects.none(), label=_("档案所在"), empty_label=None)
    since = forms.DateField(label=_("开始日期"), widget=DayInput)

    def __init__(self, *args: Any, places: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = _named(CompanyKind)  # type: ignore[attr-defined]
        self.fields["place"].queryset = places  # type: ignore[attr-defined]


class MandateForm(forms.Form):
    """Which park or building a company looks after."""

    place = forms.ModelChoiceField(Place.objects.none(), label=_("园区或楼宇"))
    since = forms.DateField(label=_("开始日期"), widget=DayInput)
    until = forms.DateField(label=_("结束日期"), widget=DayInput, required=False, help_text=UNTIL)

    def __init__(self, *args: Any, places: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = places  # type: ignore[attr-defined]


class TieForm(forms.Form):
    """Which member is tied to which enterprise of which park, and to whom on the employees' side."""

    member = forms.ModelChoiceField(Person.objects.none(), label=_("社区党员"))
    park = forms.ModelChoiceField(Place.objects.none(), label=_("园区"))
    enterprise = forms.CharField(label=_("企业"), max_length=100, help_text=_("完整的企业名称或统一社会信用代码。"))
    employees = forms.CharField(label=_("员工一方"), max_length=80, help_text=_("写身份，不写姓名，如“工会小组长”。"))
    since = forms.DateField(label=_("开始日期"), widget=DayInput)

    def __init__(
        self,
        *args: Any,
        members: QuerySet[Person],
        parks: QuerySet[Place],
        enterprises: QuerySet[Enterprise],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].queryset = members  # type: ignore[attr-defined]
        self.fields["park"].queryset = parks  # type: ignore[attr-defined]
        self._enterprises = enterprises

    def clean_enterprise(self) -> Enterprise:
        """The one enterprise of this name or code that the user may see."""
        said = self.cleaned_data["enterprise"].strip()
        found = list(self._enterprises.filter(Q(name=said) | Q(uscc=said.upper()))[:2])
        if len(found) != 1:
            raise forms.ValidationError(_("没有找到唯一的一家企业；请改用统一社会信用代码。"))
        return found[0]


class CentreForm(forms.Form):
    """A new service centre."""

    name = forms.CharField(label=_("名称"), max_length=80)
    place = forms.ModelChoiceField(Place.objects.none(), label=_("服务范围"), empty_label=None)
    address = forms.CharField(label=_("地址"), max_length=120, required=False)
    since = forms.DateField(label=_("成立日期"), widget=DayInput)

    def __init__(self, *args: Any, places: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = places  # type: ignore[attr-defined]


class CentreServiceForm(forms.Form):
    """Something more that a centre offers."""

    name = forms.CharField(label=_("服务项目"), max_length=40)
    unit = forms.CharField(label=_("计量单位"), max_length=10, initial="人次")


class CentreCountForm(forms.Form):
    """How often a service was used in a month."""

    service = forms.ModelChoiceField(CentreService.objects.none(), label=_("服务项目"), empty_label=None)
    month = forms.DateField(label=_("月份"), widget=DayInput, help_text=_("选该月任意一天。"))
    number = forms.IntegerField(label=_("服务量"), min_value=0, max_value=10_000_000)

    def __init__(self, *args: Any, centre: ServiceCentre, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset = centre.services.all()  # type: ignore[attr-defined]


class RosterForm(forms.Form):
    """A file with people, and for which street or community it is."""

    file = forms.FileField(
        label=_("名册文件"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text=_("Excel（.xlsx、.xls）或 CSV；先下载模板对照列名。"),
    )
    place = forms.ModelChoiceField(Place.objects.none(), label=_("名册范围"), empty_label=None)

    def __init__(self, *args: Any, places: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = places  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        """Too large is refused before anything is read."""
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError(_("文件超过 50 MB；请分成几份再上传"))
        return file


def _named(choice: type[Choice]) -> list[tuple[str, str]]:
    return [(one.value, gettext(one.label)) for one in choice]
