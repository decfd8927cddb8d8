"""What a browser says about bookings."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from linqi.bookings.rules import LONGEST, SHORTEST, Slot
from linqi.cases.forms import CategoryField
from linqi.catalogue.models import Category, Service, Window
from linqi.territory.models import Place

REACH = timedelta(days=3653)  # how far from the default an address may lead
WEEKDAYS = [
    ("", _("每个工作日")),
    ("0", _("周一")),
    ("1", _("周二")),
    ("2", _("周三")),
    ("3", _("周四")),
    ("4", _("周五")),
    ("5", _("周六（调休上班）")),
    ("6", _("周日（调休上班）")),
]


def day_field(label: Any, **said: Any) -> forms.DateField:
    """A day, with the browser's own calendar."""
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **said)


class TitledField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A window or a service, by its name in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """Its title."""
        return str(obj.title)


class SlotForm(forms.Form):
    """Which slot of a day."""

    slot = forms.ChoiceField(
        label=_("时段"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("请选一个时段。"),
            "invalid_choice": _("这个时段刚刚约满或不再开放，请另选。"),
        },
    )

    def __init__(self, *args: Any, slots: Iterable[tuple[Slot, int]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["slot"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (
                f"{one.begins:%H:%M}",
                _now("%(begins)s–%(ends)s，余 %(n)s 个")
                % {"begins": f"{one.begins:%H:%M}", "ends": f"{one.ends:%H:%M}", "n": left},
            )
            for one, left in slots
            if left
        ]

    def begins(self) -> time:
        """When the chosen slot begins."""
        return time.fromisoformat(self.cleaned_data["slot"])


class BookingForm(SlotForm):
    """A booking: when, what for, and whom to call."""

    service = TitledField(Service.objects.none(), label=_("办理事项"), required=False, empty_label=_("其他，写在下面"))
    topic = forms.CharField(
        label=_("要办什么"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("一句话说清楚，窗口好提前准备")}),
    )
    contact_name = forms.CharField(label=_("到场人"), max_length=60, required=False)
    contact_phone = forms.CharField(
        label=_("联系电话"), max_length=30, required=False, help_text=_("只用于这次预约，办理日满 90 天后自动删除。")
    )

    def __init__(self, *args: Any, window: Window, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        services = self.fields["service"]
        assert isinstance(services, TitledField)
        services.queryset = Service.objects.filter(window=window)

    def clean(self) -> dict[str, Any]:
        """Something has to be said of what it is about."""
        said = super().clean() or {}
        if not said.get("service") and not (said.get("topic") or "").strip():
            self.add_error("topic", _("请选择办理事项，或写一句要办什么。"))
        return said


class HoursForm(forms.Form):
    """When a window takes bookings."""

    place = forms.ModelChoiceField(Place.objects.none(), label=_("地点"), empty_label=None)
    window = TitledField(Window.objects.order_by("number"), label=_("窗口"), empty_label=None)
    weekday = forms.TypedChoiceField(
        label=_("哪些日子"), choices=WEEKDAYS, required=False, coerce=int, empty_value=None
    )
    begins = forms.TimeField(label=_("开始"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    ends = forms.TimeField(label=_("结束"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    minutes = forms.IntegerField(
        label=_("每个时段（分钟）"),
        min_value=SHORTEST,
        max_value=LONGEST,
        initial=30,
        help_text=_("产品建议，非街道规定。"),
    )
    seats = forms.IntegerField(label=_("同时接待（个）"), min_value=1, max_value=50, initial=1)
    since = day_field(_("从哪天起"))

    def __init__(self, *args: Any, places: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = places  # type: ignore[attr-defined]


class ClosedDayForm(forms.Form):
    """A day on which nobody is received."""

    place = forms.ModelChoiceField(Place.objects.none(), label=_("地点"), empty_label=None)
    window = TitledField(Window.objects.order_by("number"), label=_("窗口"), required=False, empty_label=_("全部窗口"))
    day = day_field(_("哪一天"))
    reason = forms.CharField(label=_("原因"), max_length=100, help_text=_("已预约的会取消，企业会收到这条原因。"))

    def __init__(self, *args: Any, places: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = places  # type: ignore[attr-defined]


class TakeInForm(forms.Form):
    """What somebody came for, as a case."""

    category = CategoryField(Category.objects.none(), label=_("诉求类别"))
    title = forms.CharField(label=_("事项"), max_length=120)
    body = forms.CharField(
        label=_("详细情况"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, categories: QuerySet[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["category"]
        assert isinstance(field, CategoryField)
        field.set_categories(categories)


def a_day(text: str | None, default: date) -> date:
    """The day an address asks for; the default when it asks for none, or for none within the working calendar's reach."""
    try:
        asked = date.fromisoformat(text or "")
    except ValueError:
        return default
    return asked if abs(asked - default) <= REACH else default
