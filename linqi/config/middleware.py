"""What every request passes: its line in the log, and the check that its view says who may call it."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

log = structlog.get_logger("linqi.request")


class RequestLog:
    """One structured line a request, with an id that the answer carries too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex[:16]
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
                user=getattr(getattr(request, "user", None), "pk", None),
            )
        response["X-Request-ID"] = request_id
        return response


class PermissionDeclared(MiddlewareMixin):
    """A view of ours that names no permission (`kit.access.page`) is a fault of the program, not a page."""

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        if view.__module__.startswith("linqi.") and not is_declared(view):
            raise RuntimeError(f"{view.__module__}.{view.__name__} declares no permission.")


def is_declared(view: Callable[..., Any]) -> bool:
    """Whether a view says who may call it: a permission, every signed-in user, or (login not required) everybody."""
    return hasattr(view, "permission") or getattr(view, "login_required", True) is False
