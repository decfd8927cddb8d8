"""The door for application servers."""

import os
import sys
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from linqi.kit.aside import Aside, settled

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
_product = get_wsgi_application()
assert get_resolver().url_patterns  # every page is loaded now and not with the first request

settled()
# A page asks the database a few dozen times, and after each answer waits until whoever computes in another thread lets go: by default
# 5 ms. Beside one busy thread that more than doubled the time of a list (bench/sync.py).
sys.setswitchinterval(0.001)


def application(environ: Any, start_response: Any) -> Any:
    """Serve a request; whoever does has threads, so what computes longest does so in a process of its own (`kit.aside`)."""
    Aside.depart()
    return _product(environ, start_response)
