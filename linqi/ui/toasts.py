"""A short message with an HTMX answer; full pages use `django.contrib.messages` 提示."""

import json

from django.http import HttpResponse


def tell(response: HttpResponse, text: str, tone: str = "success") -> HttpResponse:
    """Let the browser show `text` when this answer arrives; `tone`: success, info, warning or error."""
    happening = json.loads(response.get("HX-Trigger", "{}"))
    happening["linqi:toast"] = {"text": text, "tone": tone}
    response["HX-Trigger"] = json.dumps(happening)  # ASCII only, as a header must be
    return response
