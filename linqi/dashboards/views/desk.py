"""The desk of today 工作台."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from linqi.dashboards.queries.desk import desk_of
from linqi.kit import clock
from linqi.kit.access import open_to_signed_in


@open_to_signed_in("everybody has a desk; it holds only what the user's own permissions show")
def desk(request: HttpRequest) -> HttpResponse:
    """What this user has to do today."""
    today = clock.today()
    return render(
        request,
        "dashboards/desk.html",
        {"desk": desk_of(request.user, today=today, now=clock.now()), "today": today},
    )
