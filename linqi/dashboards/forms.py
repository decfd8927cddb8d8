"""What the overview pages read from their address."""

from datetime import date

from django.http import HttpRequest
from django.utils.dateparse import parse_date

from linqi.kit.clock import today


def day_asked(request: HttpRequest) -> date:
    """The day whose picture is asked for by `?on=2025-06-30`; today when none, wrong, or still to come."""
    try:
        asked = parse_date(request.GET.get("on", ""))
    except ValueError:
        asked = None
    return min(asked, today()) if asked else today()
