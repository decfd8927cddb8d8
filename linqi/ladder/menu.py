"""The ladder in the left menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

register(MenuItem("ladder", _("助企直通车"), "ladder:board", "stairs-up", 36, "ladder.board", group=_("服务")))
register(MenuItem("my_ladder", _("上市培育"), "ladder:mine", "stairs-up", 36, "ladder.mine", group=_("服务")))
