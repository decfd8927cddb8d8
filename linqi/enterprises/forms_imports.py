"""What comes from the browser for an import."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from linqi.enterprises.models import Import
from linqi.kit import clock
from linqi.kit.access import seen_by
from linqi.territory.models import Place, PlaceKind


class ImportForm(forms.ModelForm[Import]):
    """A file, the street it belongs to, what it is, and the day it speaks for."""

    class Meta:
        model = Import
        fields = ("file", "street", "source", "as_of")
        labels = {"file": _("名册文件"), "street": _("导入到哪里"), "source": _("名册来源"), "as_of": _("数据截至")}
        help_texts = {
            "file": _("Excel（.xlsx、.xls）或 CSV，最大 50 MB；列名不必与模板完全一样"),
            "source": _("例如：市场监管局 2026 年 3 月在册名单；会写在每家企业的来源里"),
            "as_of": _("旧名册不会覆盖比它新的信息"),
        }
        widgets = {
            "file": forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
            "as_of": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wide = (PlaceKind.STREET, PlaceKind.COMMUNITY)  # whoever works for one community brings its own registry
        places = seen_by(user, Place, "enterprises.import").filter(kind__in=wide, until=None).order_by("-kind", "name")
        self.fields["street"] = forms.ModelChoiceField(
            places, label=_("导入到哪里"), initial=places.first(), empty_label=None
        )
        self.fields["as_of"].initial = clock.today

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError(_("文件超过 50 MB；请分成几份再上传"))
        return file

    def clean_as_of(self) -> Any:
        day = self.cleaned_data["as_of"]
        if day > clock.today():
            raise forms.ValidationError(_("不能晚于今天"))
        return day
