"""What a browser says of points, bins, devices, cards and who answers."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import PlaceChoice, enterprises_seen_by, named_like
from linqi.kit import clock
from linqi.kit.identifiers import is_uscc
from linqi.organisation.models import Company
from linqi.territory.forms import DayInput
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import standing_below
from linqi.waste.kinds import CardKind, DeviceKind, PartyKind, PointKind, Stream, Told
from linqi.waste.models import Bin, Device, Point
from linqi.waste.queries_keeping import default_days
from linqi.waste.rules.keeping import KINDS, PICTURE, bound_of

KEPT_NAMES: Final = {**{one.value: _(one.label) for one in Told}, PICTURE: _("桶内图像")}
NOW: Final = _("留空就是现在。")


class MomentInput(forms.DateTimeInput):
    """A moment as browsers pick it."""

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


def moment_field(label: Any) -> forms.DateTimeField:
    """A moment that may be left out: now."""
    return forms.DateTimeField(label=label, required=False, widget=MomentInput(), help_text=NOW)


def day_field(label: Any, **said: Any) -> forms.DateField:
    """A day, today unless another is said."""
    said.setdefault("initial", clock.today)
    return forms.DateField(label=label, widget=DayInput(), **said)


class WhereForm(forms.Form):
    """A park or building, and within it a floor or unit."""

    place = forms.TypedChoiceField(label=_("楼宇或园区"), coerce=int)
    room = forms.CharField(
        label=_("楼层或单元"),
        max_length=40,
        required=False,
        help_text=_("如“3层”或“301室”，与空间里登记的一致；留空就是整幢楼。"),
    )

    def __init__(self, *args: Any, places: list[PlaceChoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _now("请选择")), *((one.pk, one.label) for one in places)]

    def clean(self) -> dict[str, Any]:
        """The place that is meant, as `place`; a room that is not registered is refused beside its field."""
        said = super().clean() or {}
        pk, room = said.pop("place", None), said.pop("room", "").strip()
        if pk is None:
            return said
        place = Place.objects.get(pk=pk)
        if room:
            within = standing_below(place).filter(kind__in=[PlaceKind.FLOOR, PlaceKind.UNIT])
            names = {room, f"{room}层", f"{room}室", room.removesuffix("室")}
            found = list(within.filter(name__in=names)[:2])
            if len(found) != 1:
                self.add_error("room", _now("没有找到，或者不止一处；请到空间里核对名称。"))
                return said
            place = found[0]
        return {**said, "place": place}


class PointForm(WhereForm):
    """A new point."""

    kind = forms.ChoiceField(label=_("点位类型"), choices=PointKind.choices)
    name = forms.CharField(label=_("点位名称"), max_length=80, help_text=_("写得让人找得到，如“一楼东侧投放点”。"))
    longitude = forms.FloatField(label=_("经度"), required=False, help_text=_("WGS 84，度；留空就用所在地的。"))
    latitude = forms.FloatField(label=_("纬度"), required=False)
    since = day_field(_("启用日期"))


class PointChangeForm(forms.Form):
    """What a point is called and where it lies."""

    name = forms.CharField(label=_("点位名称"), max_length=80)
    longitude = forms.FloatField(label=_("经度"), required=False, help_text=_("WGS 84，度；留空就用所在地的。"))
    latitude = forms.FloatField(label=_("纬度"), required=False)


class ReviewForm(forms.Form):
    """The two dates of article 41."""

    reviewed_on = forms.DateField(
        label=_("审核日期"), required=False, widget=DayInput(), help_text=_("设备通过法制和技术审核的日期。")
    )
    published_on = forms.DateField(
        label=_("公布日期"), required=False, widget=DayInput(), help_text=_("设置地点向社会公布的日期。")
    )
    reason = forms.CharField(
        label=_("更正原因"), max_length=200, required=False, help_text=_("改动或去掉已登记的日期时要写。")
    )


class UntilForm(forms.Form):
    """From which day something no longer holds."""

    until = day_field(_("从哪天起"), help_text=_("这一天起不再有效。"))


class MomentUntilForm(forms.Form):
    """From which moment something no longer holds."""

    until = moment_field(_("从什么时候起"))


class FirmField(forms.CharField):
    """An enterprise by its name or code, among those the user sees."""

    def __init__(self, **said: Any) -> None:
        super().__init__(max_length=100, **said)
        self.user: Any = None

    def clean(self, value: Any) -> Enterprise | None:
        """The enterprise meant; several or none are refused."""
        text = " ".join(super().clean(value).split())
        if not text:
            return None
        seen = enterprises_seen_by(self.user)
        exact = seen.filter(uscc=text) if is_uscc(text) else seen.filter(name=text)
        found = list(exact[:2]) or list(named_like(seen, text, self.user)[:2])
        if not found:
            raise forms.ValidationError(_now("没有找到这家企业；请填全称或统一社会信用代码。"))
        if len(found) > 1:
            raise forms.ValidationError(_now("不止一家符合；请填全称或统一社会信用代码。"))
        return found[0]


class DutyForm(forms.Form):
    """Who answers for a point."""

    kind = forms.ChoiceField(
        label=_("责任类型"), choices=PartyKind.choices, help_text=_("杭州条例第31条、浙江条例第30条。")
    )
    enterprise = FirmField(label=_("企业"), required=False, help_text=_("名称或统一社会信用代码；企业和公司只填一个。"))
    company = forms.ModelChoiceField(
        Company.objects.none(),
        label=_("物业、运营公司"),
        required=False,
        empty_label=_("不选"),
        help_text=_("在“公司”里登记过的。"),
    )
    since = day_field(_("开始日期"))

    def __init__(self, *args: Any, user: Any, companies: QuerySet[Company], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["enterprise"].user = user  # type: ignore[attr-defined]
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]


class BinForm(forms.Form):
    """A new bin at a point."""

    code = forms.CharField(label=_("桶号"), max_length=40, help_text=_("贴在桶上的编号，全区不重复，用过的不再用。"))
    stream = forms.ChoiceField(label=_("分类"), choices=Stream.choices)
    litres = forms.IntegerField(label=_("容积（升）"), required=False, min_value=1)
    airtight = forms.BooleanField(
        label=_("密闭"), required=False, help_text=_("餐饮场所的易腐垃圾桶应当密闭（浙江条例第29条）。")
    )
    since = moment_field(_("什么时候放上"))


class PointField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A point with the place where it is."""

    def label_from_instance(self, obj: Any) -> str:
        """The place before the name."""
        return f"{obj.place.name} · {obj.name}"


class MoveForm(forms.Form):
    """Where a bin goes."""

    point = PointField(Point.objects.none(), label=_("移到哪个点位"), empty_label=_("请选择"))
    since = moment_field(_("什么时候移的"))

    def __init__(self, *args: Any, points: QuerySet[Point], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["point"].queryset = points  # type: ignore[attr-defined]


class DeviceForm(WhereForm):
    """A new device."""

    serial = forms.CharField(label=_("序列号"), max_length=40, help_text=_("与终端上的一致；也是它联网时的名字。"))
    kind = forms.ChoiceField(label=_("终端类型"), choices=DeviceKind.choices)
    gateway = forms.ModelChoiceField(
        Device.objects.none(), label=_("经过的网关"), required=False, empty_label=_("自己联网")
    )

    def __init__(self, *args: Any, gateways: QuerySet[Device], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["gateway"].queryset = gateways  # type: ignore[attr-defined]


class GatewayForm(forms.Form):
    """Through which gateway a device speaks."""

    gateway = forms.ModelChoiceField(
        Device.objects.none(), label=_("经过的网关"), required=False, empty_label=_("自己联网")
    )

    def __init__(self, *args: Any, gateways: QuerySet[Device], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["gateway"].queryset = gateways  # type: ignore[attr-defined]


class FitForm(forms.Form):
    """On which bin a device goes, by the code on its label."""

    bin = forms.CharField(label=_("桶号"), max_length=40, help_text=_("桶上标签的编号。"))
    since = moment_field(_("什么时候装上"))

    def __init__(self, *args: Any, bins: QuerySet[Bin], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bins = bins

    def clean_bin(self) -> Bin:
        """The bin with this code, among those the user sees."""
        found = self.bins.filter(code=self.cleaned_data["bin"].strip()).first()
        if found is None:
            raise forms.ValidationError(_now("没有这个桶号；请核对标签。"))
        return found


class CardForm(forms.Form):
    """A card or roll of bags for an enterprise."""

    code = forms.CharField(label=_("凭证号"), max_length=40)
    kind = forms.ChoiceField(label=_("凭证类型"), choices=CardKind.choices)
    enterprise = FirmField(label=_("企业"), help_text=_("名称或统一社会信用代码。"))
    since = day_field(_("发放日期"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["enterprise"].user = user  # type: ignore[attr-defined]


class SheetForm(forms.Form):
    """A table of the registry, and for which places it is."""

    file = forms.FileField(
        label=_("台账文件"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text=_("Excel（.xlsx、.xls）或 CSV；先下载模板对照列名。"),
    )
    place = forms.TypedChoiceField(label=_("台账范围"), coerce=int, help_text=_("表里的楼宇在这个范围内查找。"))

    def __init__(self, *args: Any, places: list[PlaceChoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.pk, one.label) for one in places]

    def clean_file(self) -> Any:
        """Too large is refused before anything is read."""
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError(_now("文件超过 50 MB；请分成几份再上传"))
        return file

    def clean_place(self) -> Place:
        """The place itself."""
        return Place.objects.get(pk=self.cleaned_data["place"])


class KeepingForm(forms.Form):
    """How many days each kind is kept in a street; beside each the product's default and the bounds."""

    def __init__(self, *args: Any, days: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in KINDS:
            bound = bound_of(kind)
            self.fields[kind] = forms.IntegerField(
                label=_("%(name)s（天）") % {"name": KEPT_NAMES[kind]},
                min_value=bound.least,
                max_value=bound.most,
                initial=days[kind],
                help_text=_("产品默认 %(usual)s，可设 %(least)s–%(most)s")
                % {"usual": default_days()[kind], "least": bound.least, "most": bound.most},
            )
        self.fields["source"] = forms.CharField(label=_("依据"), max_length=200, help_text=_("如文件名称与文号。"))
        self.fields["knowing"] = forms.BooleanField(
            label=_("缩短期限会多清理数据，我已核对"), required=False, help_text=_("延长期限不用勾选。")
        )

    def said(self) -> dict[str, Any]:
        """What `actions.keeping.set_keeping` takes."""
        told = self.cleaned_data
        return {"days": {kind: told[kind] for kind in KINDS}, "source": told["source"], "knowing": told["knowing"]}
