"""Choosing an enterprise by what is being typed 选择企业."""

from typing import Any, Final

from django.http import HttpRequest

from linqi.enterprises.models import Enterprise
from linqi.enterprises.queries import enterprises_seen_by, named_like, shown_name
from linqi.kit import access
from linqi.ui.asked import words

FOUND_AT_ONCE: Final = 20  # enterprises shown


def picked(request: HttpRequest, permission: str, *, to: str, typed: str) -> dict[str, Any]:
    """What the picker shows: the enterprises that answer to `q`, as far as the user may do `permission` to them.

    `to`: the page that takes `?enterprise=`; `typed`: the address that answers to each letter with `cases/_found.html`.
    """
    text = " ".join(words(request.GET.get("q"), 1000).split())[:100]
    found: list[tuple[Enterprise, str]] = []
    if len(text) > 1:
        mine = access.seen_by(request.user, enterprises_seen_by(request.user), permission).select_related("seat")
        rows = named_like(mine, text, request.user).order_by("name_key")[:FOUND_AT_ONCE]
        found = [(one, shown_name(one, request.user)) for one in rows]
    return {"found": found, "q": text, "to": to, "typed": typed}
