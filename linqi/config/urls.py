"""Every address Linqi answers 网址."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from linqi.config.api import urls

urlpatterns = [
    path("", include("linqi.dashboards.urls")),
    path("", include("linqi.config.health")),
    path("accounts/", include("linqi.accounts.urls")),
    path("accounts/", include("linqi.accounts.sign_in_urls")),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("ui/", include("linqi.ui.urls")),
    path("search/", include("linqi.search.urls")),
    path("places/", include("linqi.territory.urls")),
    path("notices/", include("linqi.notifications.urls")),
    path("journal/", include("linqi.journal.urls")),
    path("enterprises/", include("linqi.enterprises.urls")),
    path("catalogue/", include("linqi.catalogue.urls")),
    path("organisation/", include("linqi.organisation.urls")),
    path("cases/", include("linqi.cases.urls")),
    path("open311/v2/", include("linqi.cases.open311_urls")),
    path("api/v1/", urls),
    path("visits/", include("linqi.visits.urls")),
    path("policies/", include("linqi.policies.urls")),
    path("ladder/", include("linqi.ladder.urls")),
    path("bookings/", include("linqi.bookings.urls")),
    path("waste/", include("linqi.waste.urls")),
]
handler400 = "linqi.config.uploads.bad_request"
handler403 = "linqi.ui.views.forbidden"
handler404 = "linqi.ui.views.not_found"
handler500 = "linqi.ui.views.server_error"
