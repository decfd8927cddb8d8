"""Named values with their words on screen, free of Django so that rules may use them 选项.

The words are gettext source strings. Who speaks the reader's language is plugged in with `speak` (`linqi.ui` does), so forms, filters and
`get_…_display` show the translation without asking for it.
"""

from collections.abc import Callable
from enum import Enum, EnumMeta
from typing import Any, Self, cast

_spoken: list[Callable[[str], Any]] = [str]


def speak(words: Callable[[str], Any]) -> None:
    """Plug in what turns a source string into the reader's language, lazily."""
    _spoken[:] = [words]


class _Words(EnumMeta):
    @property
    def choices(cls) -> list[tuple[str, str]]:
        """Pairs of value and words in the reader's language, as forms and model fields want them."""
        members = cast("type[Choice]", cls)
        return [(member.value, _spoken[0](member.label)) for member in members]

    @property
    def values(cls) -> list[str]:
        """All values, in order of declaration."""
        members = cast("type[Choice]", cls)
        return [member.value for member in members]


class Choice(str, Enum, metaclass=_Words):  # noqa: UP042  StrEnum would not keep the label
    """A closed set of values: `NEWCOMER = "newcomer", "新入驻"`; the label is a gettext source string."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """A member; the label may only look optional, so that type checkers allow the lookup `Reason("newcomer")`."""
        if not label:
            raise TypeError(f"{cls.__name__}: {value!r} needs its words on screen.")
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    def __str__(self) -> str:
        return str(self.value)
