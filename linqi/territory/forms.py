"""What a browser says of places: facts about one, where it is to stand, its outline."""

import json
from datetime import date
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linqi.kit.clock import today
from linqi.territory.actions import converted_outline
from linqi.territory.models import CommunityKind, Place, PlaceKind

FIELDS_OF: Final[dict[str, tuple[str, ...]]] = {
    "district": (),
    "street": ("address",),
    "community": ("community_kind", "host", "address"),
    "park": ("address", "area_m2"),
    "building": ("address", "area_m2", "longitude", "latitude"),
    "floor": ("level", "area_m2"),
    "unit": ("level", "area_m2"),
}
LARGEST_OUTLINE: Final = 2_000_000  # bytes; an outline of a street drawn to the metre takes a tenth of it


def day_asked(text: str) -> date:
    """The day whose map is asked for; today when none is, or one that is no day or still to come."""
    try:
        asked = parse_date(text)
    except ValueError:
        asked = None
    return min(asked, today()) if asked else today()


class DayInput(forms.DateInput):
    """A date as browsers pick it."""

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d", attrs={"type": "date"})


class PlaceForm(forms.Form):
    """What is kept about a place of one kind; fields that the kind does not have are not asked."""

    name = forms.CharField(label=_("名称"), max_length=80)
    community_kind = forms.ChoiceField(label=_("社区类型"), choices=[])
    host = forms.ModelChoiceField(
        Place.objects.none(),
        label=_("属地社区"),
        required=False,
        empty_label=_("无"),
        help_text=_("经济体社区所在的生活社区。"),
    )
    address = forms.CharField(label=_("地址"), max_length=200, required=False)
    level = forms.IntegerField(
        label=_("楼层"), min_value=-9, max_value=200, required=False, help_text=_("地下为负，如 -1。")
    )
    area_m2 = forms.DecimalField(
        label=_("面积（平方米）"), min_value=0, max_digits=12, decimal_places=2, required=False
    )
    longitude = forms.FloatField(
        label=_("经度"), min_value=73, max_value=136, required=False, help_text=_("WGS 84，如 119.97。")
    )
    latitude = forms.FloatField(
        label=_("纬度"), min_value=3, max_value=54, required=False, help_text=_("WGS 84，如 30.29。")
    )

    def __init__(self, *args: Any, kind: str, hosts: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["community_kind"].choices = [(one.value, gettext(one.label)) for one in CommunityKind]
        fields["host"].queryset = hosts
        for field in set(PlaceForm.base_fields) - {"name", *FIELDS_OF[kind]}:
            del fields[field]

    def clean(self) -> dict[str, Any]:
        """A point has both coordinates or none."""
        data = super().clean() or {}
        missing = [name for name in ("longitude", "latitude") if name in self.fields and data.get(name) is None]
        if len(missing) == 1 and missing[0] not in self.errors:
            self.add_error(missing[0], gettext("经度和纬度要一起填。"))
        return data


class NewPlaceForm(PlaceForm):
    """A place that is entered under another."""

    code = forms.CharField(
        label=_("代码"), max_length=40, required=False, help_text=_("区县、街道填行政区划代码；其余不填则自动编号。")
    )
    since = forms.DateField(label=_("从哪天起"), widget=DayInput())

    def clean_since(self) -> date:
        """Not in the future: until then nobody would see the place."""
        day: date = self.cleaned_data["since"]
        if day > today():
            raise forms.ValidationError(gettext("不能晚于今天。"))
        return day


class MoveForm(forms.Form):
    """Under what a place is to stand, from which day on, and why."""

    to = forms.ModelChoiceField(Place.objects.none(), label=_("调到哪里"), empty_label=_("请选择"))
    on = forms.DateField(label=_("从哪天起"), widget=DayInput(), help_text=_("这一天以前的统计仍按原来的版图。"))
    reason = forms.CharField(label=_("理由"), max_length=200)

    def __init__(self, *args: Any, targets: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["to"].queryset = targets
        fields["to"].label_from_instance = lambda place: f"{gettext(PlaceKind(place.kind).label)} {place.name}"


class CloseForm(forms.Form):
    """From which day on a place no longer exists."""

    on = forms.DateField(label=_("从哪天起停用"), widget=DayInput())
    with_below = forms.BooleanField(label=_("下面的空间一并停用"), required=False)


class LayOutForm(forms.Form):
    """Floors and units of a building in one go."""

    lowest = forms.IntegerField(
        label=_("最低楼层"), min_value=-9, max_value=200, initial=1, help_text=_("地下为负，如 -1。")
    )
    highest = forms.IntegerField(label=_("最高楼层"), min_value=-9, max_value=200)
    units = forms.IntegerField(label=_("每层单元数"), min_value=0, max_value=99)
    area_m2 = forms.DecimalField(
        label=_("每个单元的面积（平方米）"), min_value=0, max_digits=12, decimal_places=2, required=False
    )


class OutlineForm(forms.Form):
    """An outline as GeoJSON, and in which coordinates it was drawn."""

    file = forms.FileField(
        label=_("GeoJSON 文件"), required=False, widget=forms.ClearableFileInput({"accept": ".json,.geojson"})
    )
    text = forms.CharField(
        label=_("或者粘贴 GeoJSON"), required=False, max_length=LARGEST_OUTLINE, widget=forms.Textarea({"rows": 6})
    )
    crs = forms.ChoiceField(
        label=_("坐标系"),
        choices=[("wgs84", _("WGS 84（GPS、天地图）")), ("gcj02", _("GCJ-02（高德、腾讯地图）"))],
        help_text=_("选错会偏移几百米。保存时一律换算为 WGS 84。"),
    )
    source = forms.CharField(label=_("来源"), max_length=200, help_text=_("谁画的、哪一年、是否权威。"))

    def clean_file(self) -> "UploadedFile[Any] | None":
        """Not larger than an outline can be."""
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > LARGEST_OUTLINE:
            raise forms.ValidationError(gettext("文件太大，轮廓不应超过 2 MB。"))
        return file

    def clean(self) -> dict[str, Any]:
        """Read the one geometry and bring it to WGS 84 as `outline`; whether it is a good one, the action says."""
        data = super().clean() or {}
        if self.errors:
            return data
        file = data.get("file")
        try:
            text = file.read().decode("utf-8-sig") if file else data["text"]
            if not text.strip():
                raise forms.ValidationError(gettext("请选择文件，或粘贴 GeoJSON。"))
            geometry = _geometry(json.loads(text, parse_constant=_refuse))
            data["outline"] = converted_outline(geometry, data["crs"])
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise forms.ValidationError(gettext("这不是 GeoJSON 的面。")) from None
        return data


def _geometry(read: Any) -> dict[str, Any]:
    """The one geometry of a GeoJSON text: a geometry, a feature, or a collection of one feature."""
    if read["type"] == "FeatureCollection":
        (read,) = read["features"]
    found: dict[str, Any] = read["geometry"] if read["type"] == "Feature" else read
    return {"type": found["type"], "coordinates": found["coordinates"]}


def _refuse(word: str) -> None:
    raise ValueError(word)  # NaN and Infinity are no coordinates
