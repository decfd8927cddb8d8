"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.cases.views import bulk, desk, files, overview, portal, rating, receivables, settings, views

app_name = "cases"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", desk.cases, name="list"),
    path("new/", desk.new, name="new"),
    path("new/pick/", desk.pick, name="pick"),
    path("new/similar/", desk.similar, name="similar"),
    path("many/<slug:name>/", bulk.many, name="many"),
    path("views/", views.save, name="save_view"),
    path("views/<int:pk>/drop/", views.drop, name="drop_view"),
    path("<int:pk>/", desk.case, name="detail"),
    path("<int:pk>/sheet/", overview.sheet, name="sheet"),
    path("load/", overview.load, name="load"),
    path("where/", overview.where, name="where"),
    path("<int:pk>/watch/", views.watch, name="watch"),
    path("<int:pk>/receivable/", receivables.note, name="receivable"),
    path("<int:pk>/files/", files.add, name="add_files"),
    path("files/<int:pk>/", files.read, name="file"),
    path("files/<int:pk>/remove/", files.remove, name="remove_file"),
    path("<int:pk>/link/", rating.make_link, name="make_link"),
    path("<int:pk>/callback/", rating.call_back, name="call_back"),
    path("<int:pk>/exclude/", rating.exclude, name="exclude"),
    path("<int:pk>/exclude/decide/", rating.decide_exclusion, name="decide_exclusion"),
    path("strands/<int:pk>/<slug:name>/", desk.strand, name="strand"),
    path("<int:pk>/supervise/", desk.supervise, name="supervise"),
    path("<int:pk>/reply/", desk.reply, name="reply"),
    path("<int:pk>/mend/<slug:name>/", rating.mend, name="mend"),
    path("rate/<slug:token>/", rating.by_link, name="rate_by_link"),
    path("<int:pk>/<slug:name>/", desk.move, name="move"),
    path("hot/", desk.hot, name="hot"),
    path("objections/", desk.objections, name="objections"),
    path("mine/similar/", portal.own_similar, name="own_similar"),
    path("mine/<int:pk>/urge/", portal.urge, name="urge"),
    path("mine/", portal.own, name="own"),
    path("mine/new/", portal.own_new, name="own_new"),
    path("mine/<int:pk>/", portal.own_one, name="own_one"),
    path("mine/<int:pk>/rate/", portal.rate, name="rate"),
    path("mine/<int:pk>/<slug:name>/", portal.own_move, name="own_move"),
    path("tables/", settings.tables, name="tables"),
    path("tables/<int:street_id>/row/", settings.row, name="set_row"),
    path("tables/rows/<int:pk>/<slug:name>/", settings.row_step, name="row_step"),
    path("tables/<int:street_id>/fill/", settings.fill, name="fill"),
    path("tables/<int:street_id>/limit/", settings.limit, name="set_limit"),
]
