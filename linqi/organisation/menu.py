"""The organisation in the left menu."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linqi.ui.menu import MenuItem, register

register(
    MenuItem(
        "teams",
        pgettext_lazy("many", "联楼小组"),
        "organisation:teams",
        "users-group",
        58,
        "organisation.see",
        group=_("设置"),
    )
)
register(
    MenuItem(
        "departments",
        pgettext_lazy("many", "科室"),
        "organisation:departments",
        "sitemap",
        59,
        "organisation.see",
        group=_("设置"),
    )
)
register(
    MenuItem(
        "chart",
        _("组织架构"),
        "organisation:chart",
        "sitemap",
        50,
        "organisation.see",
        group=_("组织"),
    )
)
register(
    MenuItem(
        "coverage",
        _("组织与联楼覆盖"),
        "organisation:coverage",
        "map",
        51,
        "organisation.party_see",
        group=_("组织"),
    )
)
register(
    MenuItem(
        "people",
        pgettext_lazy("many", "人员"),
        "organisation:people",
        "users-group",
        52,
        "organisation.see",
        group=_("组织"),
    )
)
register(
    MenuItem(
        "companies",
        _("物业、运营和外包公司"),
        "organisation:companies",
        "building",
        53,
        "organisation.see",
        group=_("组织"),
    )
)
register(
    MenuItem(
        "ties",
        _("四联"),
        "organisation:ties",
        "heart-handshake",
        54,
        "organisation.party_see",
        group=_("组织"),
    )
)
register(
    MenuItem(
        "centres",
        _("新就业群体服务中心"),
        "organisation:centres",
        "home",
        55,
        "organisation.see",
        group=_("组织"),
    )
)
