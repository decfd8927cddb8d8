"""Places in the left menu, and the mark on every page that shows generated data."""

from django.utils.translation import gettext_lazy as _

from linqi.territory.queries import any_generated
from linqi.ui.menu import MenuItem, demo_marker, register

register(MenuItem("places", _("空间"), "territory:tree", "building", 24, "territory.see", group=_("企业与空间")))
demo_marker(any_generated)
