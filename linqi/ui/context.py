"""What every page's frame needs, computed only when the frame is really drawn 页框."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from linqi.kit.access import may_anywhere
from linqi.ui import menu

OPENS = ("https:", "http:", "mailto:", "tel:")  # how an address begins that a browser can open


@dataclass(frozen=True, slots=True)
class Entry:
    """One visible menu entry of this request."""

    key: str
    label: str
    url: str
    icon: str
    group: str
    active: bool
    tab: bool


class Shell:
    """The frame round a page for one request; a partial answer draws no frame and costs no query."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._user: Any = getattr(request, "user", None)

    @property
    def signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return bool(self._user and self._user.is_authenticated)

    @cached_property
    def menu(self) -> list[Entry]:
        """The entries this user may open, with the one that holds this page marked."""
        if not self.signed_in:
            return []
        found = [(item, _url(item.url_name)) for item in menu.items() if self._sees(item.permission)]
        path = self._request.path
        pages = {page: item.key for item, url in found for page in (url, *map(_url, item.holds)) if url and page}
        here = max((page for page in pages if path.startswith(page)), key=len, default="")
        marked = pages[here] if here and (here != "/" or path == "/") else ""
        return [
            Entry(item.key, str(item.label), url, item.icon, str(item.group), item.key == marked, item.tab)
            for item, url in found
            if url
        ]

    @cached_property
    def tabs(self) -> list[Entry]:
        """At most five entries for the bar at the bottom of a phone."""
        return [entry for entry in self.menu if entry.tab][:5]

    @cached_property
    def unread(self) -> int:
        """Unread notices of this user."""
        return menu.unread(self._user) if self.signed_in else 0

    @cached_property
    def demo_data(self) -> bool:
        """Whether the data on screen were generated."""
        return menu.demo()

    @cached_property
    def search_url(self) -> str:
        """Where the search box leads; empty while there is no such page."""
        return _existing("/search/")

    @cached_property
    def suggest_url(self) -> str:
        """Where the search box asks for suggestions."""
        return _existing("/search/suggest/")

    @cached_property
    def notices_url(self) -> str:
        """The list of notices."""
        return _existing("/notices/")

    @cached_property
    def account_links(self) -> list[tuple[str, str]]:
        """Pages of the user menu that exist: key and address."""
        wanted = {
            "profile": "accounts:profile",
            "sessions": "usersessions_list",
            "second_factor": "mfa_index",
            "password": "account_change_password",
        }
        return [(key, url) for key, name in wanted.items() if (url := _url(name))]

    @property
    def complaints(self) -> str:
        """Where suggestions and complaints go; empty while the operator has not said, or said nothing that can be opened."""
        return settings.COMPLAINTS if settings.COMPLAINTS.startswith(OPENS) else ""

    def _sees(self, permission: str) -> bool:
        return not permission or may_anywhere(self._user, permission)


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: `shell` in every template."""
    return {"shell": Shell(request)}


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _existing(path: str) -> str:
    try:
        resolve(path)
    except Resolver404:
        return ""
    return path
