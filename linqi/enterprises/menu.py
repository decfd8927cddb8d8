"""Enterprises in the left menu."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linqi.ui.menu import MenuItem, register

GROUP = _("企业与空间")
register(
    MenuItem(
        "enterprises",
        pgettext_lazy("many", "企业"),
        "enterprises:list",
        "building-skyscraper",
        20,
        "enterprises.see",
        True,
        GROUP,
    )
)
register(MenuItem("imports", _("导入"), "enterprises:imports", "upload", 21, "enterprises.import", group=GROUP))
register(
    MenuItem(
        "licence", _("识读执照"), "enterprises:licence", "file-certificate", 24, "enterprises.read_licence", group=GROUP
    )
)
register(MenuItem("claims", _("待核信息"), "enterprises:claims", "checklist", 22, "enterprises.confirm", group=GROUP))
register(MenuItem("pairs", _("疑似同企"), "enterprises:pairs", "copy", 23, "enterprises.resolve", group=GROUP))
