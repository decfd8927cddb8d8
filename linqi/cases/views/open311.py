"""The façade that civic programs know: Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2), JSON and XML.

Categories are its services, cases its requests. Nothing is read without a key: whoever asks sees what their key's user
sees. The key comes as `api_key`, or as a bearer.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final
from xml.etree import ElementTree as Tree

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt

from linqi.accounts.actions import user_by_token
from linqi.cases import actions, queries
from linqi.cases.flow import ENDED
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.catalogue.queries import categories_offered
from linqi.kit import access, clock
from linqi.territory.models import Place
from linqi.ui.asked import an_id

MOST: Final = 1000  # requests in one answer, and
SPAN: Final = timedelta(days=90)  # days asked for at most: both by the standard
FORMATS: Final = ("json", "xml")
Rows = list[dict[str, Any]]


class Wrong(Exception):
    """A question that cannot be answered: a status and why."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(text)


def door(root: str, item: str) -> Callable[[Callable[..., Rows]], Callable[..., HttpResponse]]:
    """A view that answers rows in the format of its address, and errors in the form of the standard."""

    def mark(view: Callable[..., Rows]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def answered(request: HttpRequest, form: str, **parts: str) -> HttpResponse:
            if form not in FORMATS:
                return _written("json", "errors", "error", [{"code": 404, "description": "json or xml"}], 404)
            try:
                rows = view(request, **parts)
            except Wrong as wrong:
                return _trouble(form, wrong.status, wrong.text)
            except PermissionDenied:
                return _trouble(form, 403, "This key may not do that.")
            except ValidationError as wrong:
                return _trouble(form, 400, "; ".join(wrong.messages))
            return _written(form, root, item, rows, 200)

        return answered

    return mark


@door("discovery", "endpoint")
def discovery(request: HttpRequest) -> Rows:
    """Where the façade is and what it speaks."""
    return [
        {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": request.build_absolute_uri("/open311/v2"),
            "type": "production",
            "formats": "application/json,text/xml",
        }
    ]


@door("services", "service")
def services(request: HttpRequest) -> Rows:
    """What can be asked for."""
    return [_service(one) for one in categories_offered(_user(request)).select_related("window")]


@door("service_definition", "attribute")
def service(request: HttpRequest, code: str) -> Rows:
    """One service; it has no attributes of its own."""
    if not categories_offered(_user(request)).filter(code=code).exists():
        raise Wrong(404, "service_code was not found.")
    return []


@door("service_requests", "request")
def requests(request: HttpRequest) -> Rows:
    """GET: requests by id, service, status and time. POST: a new one."""
    user = _user(request)
    return [_opened(request, user)] if request.method == "POST" else _found(request, user)


@door("service_requests", "request")
def one_request(request: HttpRequest, number: str) -> Rows:
    """One request by its number."""
    found = queries.cases_seen_by(_user(request)).filter(number=number.upper()[:20]).first()
    if found is None:
        raise Wrong(404, "service_request_id was not found.")
    return [_request(found)]


def _found(request: HttpRequest, user: Any) -> Rows:
    asked, rows = request.GET, queries.cases_seen_by(user).order_by("-pk")
    if numbers := asked.get("service_request_id"):
        wanted = [one.strip().upper()[:20] for one in numbers.split(",")[:MOST]]
        return [_request(one) for one in rows.filter(number__in=wanted)]
    if codes := asked.get("service_code"):
        rows = rows.filter(category__code__in=codes.split(",")[:MOST])
    if status := asked.get("status"):
        wanted_states = {"open", "closed"} & set(status.split(","))
        if not wanted_states:
            raise Wrong(400, "status is open, closed or both.")
        if wanted_states == {"closed"}:
            rows = rows.filter(state__in=ENDED)
        elif wanted_states == {"open"}:
            rows = rows.exclude(state__in=ENDED)
    until = _moment(asked.get("end_date"), "end_date") or clock.now()
    since = _moment(asked.get("start_date"), "start_date") or until - SPAN
    if until - since > SPAN:
        raise Wrong(400, "At most 90 days lie between start_date and end_date.")
    return [_request(one) for one in rows.filter(opened_at__gte=since, opened_at__lte=until)[:MOST]]


def _opened(request: HttpRequest, user: Any) -> dict[str, Any]:
    said = request.POST
    category = categories_offered(user).filter(code=said.get("service_code", "")).first()
    if category is None:
        raise Wrong(404, "service_code was not found.")
    text = said.get("description", "").replace("\x00", "").strip()
    if not text:
        raise Wrong(400, "description is missing.")
    where = access.seen_by(user, Place, "cases.open").filter(pk=an_id(said.get("address_id"))).first()
    if where is None:
        raise Wrong(400, "address_id is missing or was not found: the id of a place that the key's user works in.")
    made = actions.open_case(
        enterprise=None,
        place=where,
        category=category,
        title=text.splitlines()[0][:120],
        body=text[:5000],
        source=Source.API,
        by=user,
    )
    return {"service_request_id": made.number, "service_notice": "", "account_id": ""}


def _user(request: HttpRequest) -> Any:
    key = request.POST.get("api_key") or request.GET.get("api_key") or ""
    bearer = request.headers.get("Authorization", "")
    user = user_by_token(key or bearer.removeprefix("Bearer ").strip())
    if user is None:
        raise Wrong(403, "api_key is missing or not valid.")
    if not access.may_anywhere(user, "cases.see"):
        raise Wrong(403, "This key may not do that.")
    return user


def _moment(text: str | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Wrong(400, f"{name} is a moment with its zone, such as 2026-11-24T09:00:00+08:00.")
    return moment


def _service(category: Category) -> dict[str, Any]:
    return {
        "service_code": category.code,
        "service_name": category.title,
        "description": category.window.title,
        "metadata": "false",
        "type": "realtime",
        "keywords": "",
        "group": category.window.title,
    }


def _request(case: Case) -> dict[str, Any]:
    return {
        "service_request_id": case.number,
        "status": "closed" if case.state in ENDED else "open",
        "status_notes": case.answer,
        "service_name": case.category.title,
        "service_code": case.category.code,
        "description": case.body or case.title,
        "agency_responsible": case.department.title if case.department else "",
        "requested_datetime": case.opened_at.isoformat(),
        "updated_datetime": (case.closed_at or case.answered_at or case.accepted_at or case.opened_at).isoformat(),
        "expected_datetime": case.due_at.isoformat(),
        "address": case.place.name,
        "address_id": str(case.place_id),
    }


def _trouble(form: str, status: int, text: str) -> HttpResponse:
    return _written(form, "errors", "error", [{"code": status, "description": text}], status)


def _written(form: str, root: str, item: str, rows: Rows, status: int) -> HttpResponse:
    if form == "json":
        return JsonResponse(rows, safe=False, status=status, json_dumps_params={"ensure_ascii": False})
    tree = Tree.Element(root)
    for row in rows:
        one = Tree.SubElement(tree, item)
        for key, value in row.items():
            Tree.SubElement(one, key).text = "".join(
                letter for letter in str(value) if letter >= " " or letter in "\n\t"
            )
    return HttpResponse(
        Tree.tostring(tree, encoding="utf-8", xml_declaration=True),
        content_type="text/xml; charset=utf-8",
        status=status,
    )
