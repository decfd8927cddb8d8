"""A licence photographed at the door: what it says, and what the registry says to it 识读营业执照."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linqi.enterprises.forms_licence import LicenceForm
from linqi.enterprises.outside.licence import MOST_BYTES, Print, can_read_print, read_licence
from linqi.enterprises.queries_licence import registry_says
from linqi.enterprises.rules.licence import LicenceFound, Sure, judged
from linqi.kit import access
from linqi.kit.pictures import NoPicture, PictureRefused
from linqi.ui.parts import Crumb

# icons: circle-check, alert-triangle, circle-x, help-circle
TONES = {
    Sure.AGREED: "good",
    Sure.QR: "good",
    Sure.PRINTED: "good",
    Sure.PROPOSED: "warn",
    Sure.DIFFERENT: "bad",
    Sure.WRONG: "bad",
    Sure.NOTHING: "quiet",
}


@access.page("enterprises.read_licence")
def read(request: HttpRequest) -> HttpResponse:
    """Take a photograph, read it, and show it beside the registry; nothing is kept."""
    form = LicenceForm(request.POST, request.FILES) if request.method == "POST" else LicenceForm()
    answer: dict[str, object] = {}
    if request.method == "POST" and form.is_valid():
        answer = _answer(request, form)
    crumbs = [Crumb(pgettext("many", "企业"), reverse("enterprises:list")), Crumb(_("识读营业执照"))]
    context = {"form": form, "reads_print": can_read_print(), "crumbs": crumbs, "found": None, **answer}
    return render(request, "enterprises/licence.html", context, status=200 if answer or not form.is_bound else 422)


def _answer(request: HttpRequest, form: LicenceForm) -> dict[str, object]:
    """What was read and what the registry says, for the page; empty when the file is no picture, which the form says then."""
    try:
        reading = read_licence(form.cleaned_data["picture"].read(MOST_BYTES + 1))
    except PictureRefused as refused:
        form.add_error(None, _refusal(refused.why))
        return {}
    found = judged(reading.qr_texts, reading.passes)
    may_edit = access.may_anywhere(request.user, "enterprises.edit")
    return {
        "found": found,
        "sure": _(found.code.sure.label),
        "tone": TONES[found.code.sure],
        "says": registry_says(found, request.user),
        "print_problem": "" if reading.print_state in (Print.READ, Print.ABSENT) else _(reading.print_state.label),
        "qr_without_code": bool(reading.qr_texts) and found.code.sure not in (Sure.QR, Sure.AGREED, Sure.DIFFERENT),
        "seconds": f"{reading.seconds:.1f}",
        "new_url": _new_url(found) if may_edit else "",
    }


def _refusal(why: NoPicture) -> str:
    if why is NoPicture.PIXELS:
        return _("图片过大（超过 4000 万像素）；请用手机相机的普通画质拍摄。")
    if why is NoPicture.BROKEN:
        return _("图片已损坏，打不开；请重新拍一张。")
    return _("这不是 JPEG、PNG 或 WebP 图片；PDF 请先截图，苹果手机的 HEIC 请在相机设置中改为“兼容性最佳”。")


def _new_url(found: LicenceFound) -> str:
    """The form of registration with what is certain filled in; a name that may be a person's does not go into an address."""
    known = {"source": _("营业执照")}
    if found.code.accepted:
        known["uscc"] = found.code.code
    if "公司" in found.name.text:
        known["name"] = found.name.text
    return f"{reverse('enterprises:new')}?{urlencode(known)}"
