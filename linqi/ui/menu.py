"""What the left menu holds, and the two counts the shell asks for 菜单.

Each app registers its entries in its own `apps.ready()` (or in `config`), so `ui` knows none of them:

    from linqi.ui import menu
    menu.register(menu.MenuItem("visits", _("走访"), "visits:list", "walk", 30, "visits.see"))
    menu.unread_counter(lambda user: notices_unread(user))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry: `icon` is a Tabler name, `permission` empty for every signed-in user, `tab` also shows it in the
    phone's bottom bar; `holds`: names of further addresses whose pages belong to it.
    """

    key: str
    label: str | Promise
    url_name: str
    icon: str
    order: int
    permission: str = ""
    tab: bool = False
    group: str | Promise = ""
    holds: tuple[str, ...] = ()


_items: dict[str, MenuItem] = {}
_unread: list[Callable[[Any], int]] = []
_demo: list[Callable[[], bool]] = []


def register(item: MenuItem) -> None:
    """Put an entry into the menu; the same key again replaces it."""
    _items[item.key] = item


def items() -> list[MenuItem]:
    """Every registered entry, in order of the menu; a group stays together, where the first of its entries stands."""
    first: dict[str, int] = {}
    for item in _items.values():
        first[str(item.group)] = min(item.order, first.get(str(item.group), item.order))
    return sorted(_items.values(), key=lambda item: (first[str(item.group)], str(item.group), item.order, item.key))


def unread_counter(count: Callable[[Any], int]) -> Callable[[Any], int]:
    """Plug in who counts a user's unread notices; one query at most. Usable as a decorator."""
    _unread[:] = [count]
    return count


def demo_marker(is_demo: Callable[[], bool]) -> Callable[[], bool]:
    """Plug in who knows whether the data on screen were generated; must be cheap, it is asked on every page."""
    _demo[:] = [is_demo]
    return is_demo


def unread(user: Any) -> int:
    """The user's unread notices, 0 while nobody counts."""
    return _unread[0](user) if _unread else 0


def demo() -> bool:
    """Whether the data on screen were generated."""
    return _demo[0]() if _demo else False
