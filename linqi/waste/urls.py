"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.waste import urls_ingest, urls_ladder
from linqi.waste.views import bins, cards, devices, keeping, labelling, live, plan, points, purity_pages, sheets

app_name = "waste"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", live.live, name="live"),
    path("map/", live.live_map, name="live_map"),
    path("plan/", plan.plan, name="plan"),
    path("purity/", purity_pages.purity, name="purity"),
    # the registry
    path("points/", points.points, name="points"),
    path("points/new/", points.point_new, name="point_new"),
    path("points/<int:pk>/", points.point, name="point"),
    path("points/<int:pk>/change/", points.point_change, name="point_change"),
    path("points/<int:pk>/review/", points.point_review, name="point_review"),
    path("points/<int:pk>/end/", points.point_end, name="point_end"),
    path("points/<int:pk>/duties/new/", points.duty_new, name="duty_new"),
    path("points/<int:pk>/bins/new/", points.bin_new, name="bin_new"),
    path("duties/<int:pk>/end/", points.duty_end, name="duty_end"),
    path("bins/", bins.bins, name="bins"),
    path("bins/labels/", bins.labels, name="labels"),
    path("bins/<int:pk>/", bins.bin_, name="bin"),
    path("bins/<int:pk>/move/", bins.bin_move, name="bin_move"),
    path("bins/<int:pk>/end/", bins.bin_end, name="bin_end"),
    path("scan/<str:code>/", bins.scan, name="scan"),
    path("devices/", devices.devices, name="devices"),
    path("devices/new/", devices.device_new, name="device_new"),
    path("devices/quarantine/", devices.quarantine, name="quarantine"),
    path("devices/<int:pk>/", devices.device, name="device"),
    path("devices/<int:pk>/fit/", devices.device_fit, name="device_fit"),
    path("devices/<int:pk>/unfit/", devices.device_unfit, name="device_unfit"),
    path("devices/<int:pk>/gateway/", devices.device_gateway, name="device_gateway"),
    path("devices/<int:pk>/key/", devices.device_key, name="device_key"),
    path("devices/<int:pk>/<slug:name>/", devices.device_switch, name="device_switch"),
    path("cards/", cards.cards, name="cards"),
    path("cards/new/", cards.card_new, name="card_new"),
    path("cards/<int:pk>/take/", cards.card_take, name="card_take"),
    path("sheets/", sheets.sheets, name="sheets"),
    path("sheets/template/", sheets.sheet_template, name="sheet_template"),
    path("sheets/<int:pk>/", sheets.sheet, name="sheet"),
    path("sheets/<int:pk>/apply/", sheets.sheet_apply, name="sheet_apply"),
    path("sheets/<int:pk>/undo/", sheets.sheet_undo, name="sheet_undo"),
    # how long things are kept
    path("keeping/", keeping.keeping, name="keeping"),
    path("keeping/<int:pk>/", keeping.keeping_of, name="keeping_of"),
    path("keeping/<int:pk>/restore/", keeping.restore, name="keeping_restore"),
    path("keeping/<int:pk>/back/", keeping.take_back, name="keeping_take_back"),
    # pictures
    path("label/", labelling.label_queue, name="label_queue"),
    path("label/next/", labelling.label_next, name="label_next"),
    path("pictures/<int:pk>/", labelling.picture, name="picture"),
    path("pictures/<int:pk>/label/", labelling.label, name="label"),
    path("pictures/<int:pk>/undo/", labelling.label_undo, name="label_undo"),
    # what devices call
    *urls_ingest.urlpatterns,
    # clues, tasks, the law, the enterprise's own page
    *urls_ladder.urlpatterns,
]
