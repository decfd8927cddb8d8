"""What comes from the browser of a photographed licence 执照照片."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from linqi.enterprises.outside.licence import MOST_BYTES

PICTURES: Final = "image/jpeg,image/png,image/webp"


class LicenceForm(forms.Form):
    """A photograph taken now, or one that is there already; exactly one of the two.

    Two fields, because a phone asked for the camera offers nothing else, and asked for a picture some offer no camera.
    """

    taken = forms.FileField(
        label=_("拍照"), required=False, widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"})
    )
    chosen = forms.FileField(
        label=_("从相册或文件中选"), required=False, widget=forms.FileInput(attrs={"accept": PICTURES})
    )

    def clean(self) -> dict[str, Any]:
        """The one picture as `picture`, small enough."""
        cleaned = super().clean() or {}
        sent = [cleaned[name] for name in ("taken", "chosen") if cleaned.get(name)]
        if len(sent) != 1 and not self.errors:
            raise forms.ValidationError(_("请拍一张或选一张照片，每次一张。"))
        if sent and sent[0].size > MOST_BYTES:
            raise forms.ValidationError(_("照片超过 20 MB；请用手机相机的普通画质拍摄，或先缩小再上传。"))
        cleaned["picture"] = sent[0] if sent else None
        return cleaned
