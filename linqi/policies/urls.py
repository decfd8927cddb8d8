"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from linqi.policies.views import desk, portal, sheets

app_name = "policies"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", desk.policies, name="list"),
    path("new/", desk.create, name="new"),
    path("<int:pk>/", desk.policy, name="policy"),
    path("<int:pk>/draft/", desk.draft, name="draft"),
    path("<int:pk>/budget/", desk.budget, name="budget"),
    path("versions/<int:pk>/", desk.edit, name="edit"),
    path("versions/<int:pk>/conditions/", desk.edit_conditions, name="edit_conditions"),
    path("versions/<int:pk>/examples/", desk.propose_examples, name="propose_examples"),
    path("versions/<int:pk>/shift/", desk.shift, name="shift"),
    path("versions/<int:pk>/firms/<slug:who>/", desk.firms, name="firms"),
    path("versions/<int:pk>/sheet/", sheets.download, name="sheet"),
    path("versions/<int:pk>/sheet/upload/", sheets.upload, name="upload_sheet"),
    path("versions/<int:pk>/push/", desk.push, name="push"),
    path("versions/<int:pk>/candidates/", desk.candidates, name="candidates"),
    path("versions/<int:pk>/move/<slug:step>/", desk.version_move, name="version_move"),
    path("examples/<int:pk>/drop/", desk.drop_example, name="drop_example"),
    path("applications/", desk.applications, name="applications"),
    path("applications/<int:pk>/", desk.application, name="application"),
    path("applications/<int:pk>/move/<slug:step>/", desk.application_move, name="application_move"),
    path("questions/", desk.questions, name="questions"),
    path("ledger/", desk.ledger, name="ledger"),
    path("mine/", portal.mine, name="mine"),
    path("mine/start/<int:pk>/", portal.start, name="start"),
    path("mine/answer/<int:pk>/", portal.answer, name="answer"),
    path("firms/<int:pk>/", portal.firm, name="firm"),
]
