"""The page machines ask: is it well? 健康检查."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.urls import path

from linqi.config.queries import health
from linqi.kit import clock


@login_not_required
def answer(request: HttpRequest) -> JsonResponse:
    """200 when everything works, 503 when not; says what is wrong, and nothing about anybody."""
    state = health(clock.now())
    response = JsonResponse(state.as_dict(), status=200 if state.ok else 503)
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [path("health", answer, name="health")]
