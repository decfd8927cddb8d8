"""The programming interface: one place for who asks, for errors, and for the description (OpenAPI 3.1) 接口."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import ValidationError as Unreadable
from ninja.security import HttpBearer

from linqi.accounts.actions import user_by_token
from linqi.accounts.models import User
from linqi.cases.views.api import router as cases
from linqi.kit.flow import MoveRefused


class Bearer(HttpBearer):
    """A key made on the page 接口令牌, in the header Authorization: Bearer."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        user = user_by_token(token)
        if user is not None:
            request.user = user
        return user


api = NinjaAPI(
    title="Linqi 邻企",
    version="1",
    description="Cases 办件: read, open and move them with the rights of whoever made the key.",
    auth=Bearer(),
    docs_url=None,  # it would need inline scripts; any OpenAPI reader shows openapi.json
    urls_namespace="api",
)
api.add_router("/cases", cases)


def _answer(request: HttpRequest, status: int, title: str, fields: dict[str, list[str]] | None = None) -> HttpResponse:
    told: dict[str, Any] = {"title": title, "status": status}
    if fields:
        told["fields"] = fields
    return api.create_response(request, told, status=status)


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, trouble: PermissionDenied) -> HttpResponse:
    return _answer(request, 403, _("您没有办这件事的权限。"))


@api.exception_handler(Http404)
def _not_there(request: HttpRequest, trouble: Http404) -> HttpResponse:
    return _answer(request, 404, _("没有找到，或您看不到。"))


@api.exception_handler(MoveRefused)
def _refused(request: HttpRequest, trouble: MoveRefused) -> HttpResponse:
    return _answer(request, 409, _("这一步现在不能办。"), {"open_moves": trouble.open_moves})


@api.exception_handler(ValidationError)
def _wrong(request: HttpRequest, trouble: ValidationError) -> HttpResponse:
    fields = trouble.message_dict if hasattr(trouble, "error_dict") else {"": trouble.messages}
    return _answer(request, 422, _("内容有误，没有保存。"), fields)


@api.exception_handler(Unreadable)
def _unreadable(request: HttpRequest, trouble: Unreadable) -> HttpResponse:
    fields = {".".join(str(part) for part in one["loc"]): [str(one["msg"])] for one in trouble.errors}
    return _answer(request, 422, _("内容有误，没有保存。"), fields)


routes, _app, _namespace = api.urls
for _route in routes:
    setattr(_route.callback, "login_required", False)  # noqa: B010 – a function has no such attribute of its own; the key is asked for instead of a session
urls = (routes, _app, _namespace)
