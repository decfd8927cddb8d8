"""Waste in the left menu."""

from django.utils.translation import gettext_lazy as _

from linqi.ui.menu import MenuItem, register

GROUP = _("垃圾分类")

register(MenuItem("waste", _("垃圾桶"), "waste:live", "trash", 50, "waste.see", group=GROUP))
register(MenuItem("waste_clues", _("分类线索"), "waste:clues", "eye", 51, "waste.look", group=GROUP))
register(MenuItem("waste_tasks", _("分类任务"), "waste:tasks", "scale", 52, "waste.ladder", group=GROUP))
register(MenuItem("waste_labels", _("图像标注"), "waste:label_queue", "photo", 53, "waste.look", group=GROUP))
register(MenuItem("waste_plan", _("收运计划"), "waste:plan", "list-check", 54, "waste.see", group=GROUP))
register(MenuItem("waste_hauls", _("收运台账"), "waste:hauls", "clipboard-list", 55, "waste.hauls", group=GROUP))
register(MenuItem("waste_red_green", _("分类红绿榜"), "waste:red_green", "flag", 56, "waste.purity", group=GROUP))
register(MenuItem("waste_points", _("点位与责任人"), "waste:points", "map-pin", 57, "waste.see", group=GROUP))
register(MenuItem("waste_cards", _("投放凭证"), "waste:cards", "id", 58, "waste.keep", group=GROUP))
register(MenuItem("waste_devices", _("智能终端"), "waste:devices", "database", 59, "waste.devices", group=GROUP))
register(MenuItem("waste_terms", _("成案条件"), "waste:terms", "adjustments", 60, "waste.terms", group=GROUP))
register(MenuItem("waste_keeping", _("保存期限"), "waste:keeping", "history", 61, "waste.keeping", group=GROUP))
register(MenuItem("waste_own", _("分类整改"), "waste:own_tasks", "checklist", 38, "waste.portal", group=_("服务")))
