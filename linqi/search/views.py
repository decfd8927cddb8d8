"""The search page, and the suggestions under the search box."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from linqi.kit.access import page
from linqi.search.queries import found

EACH = 20  # hits of each kind on the page
SUGGESTED = 5  # hits of each kind under the search box


@page("search.use")
def search(request: HttpRequest) -> HttpResponse:
    """Everything a question finds, by kind."""
    question = _question(request)
    return render(
        request,
        "search/search.html",
        {"question": question, "results": found(request.user, question, EACH) if question else [], "each": EACH},
    )


@page("search.use")
def suggest(request: HttpRequest) -> HttpResponse:
    """The first hits, while somebody types."""
    question = _question(request)
    results = found(request.user, question, SUGGESTED) if question else []
    return render(request, "search/_suggest.html", {"question": question, "results": results})


def _question(request: HttpRequest) -> str:
    return " ".join(request.GET.get("q", "").replace("\x00", "").split())[:100]
