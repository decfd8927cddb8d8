"""What walks in a real browser share: the browser, who walks, and the street in working order.

Each walk watches the browser's console and its requests: an error, a blocked inline style or a request to another host fails it.
"""

import os
import re
import shutil
from datetime import timedelta

import pytest
from django.urls import reverse

from linqi.cases.actions import seed_defaults
from linqi.enterprises.models import Tenancy
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.organisation.actions import seed_departments

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
PASSWORD = "走访-2026-circle"


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this thread
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(params=list(SIZES))
def walker(request, browser, live_server):
    """Makes a page for a user who signs in; at the end, whatever the browser complained of."""
    complaints, contexts = [], []

    def walk(user):
        context = browser.new_context(viewport=SIZES[request.param], locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((live_server.url, "data:", "blob:"))
                else complaints.append(f"foreign host: {asked.url}")
            ),
        )
        user.set_password(PASSWORD)
        user.save()
        page.goto(live_server.url + reverse("account_login"))
        page.fill("input[name=login]", user.username)
        page.fill("input[name=password]", PASSWORD)
        page.get_by_role("button", name=re.compile("登录")).click()
        page.wait_for_url(live_server.url + "/")
        return page

    yield walk
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture
def stage(cast):
    """The cast's street in working order; the firm moved in last week and must be visited."""
    seed_departments(street=cast.street, by=SYSTEM)
    seed_defaults(street=cast.street, by=SYSTEM)
    Tenancy.objects.filter(enterprise=cast.firm).update(since=clock.today() - timedelta(days=6))
    return cast
