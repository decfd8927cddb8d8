"""Named values with their words on screen, free of Django so that rules may use them 选项."""

from enum import Enum
from typing import Any, Self


class _Words(type(Enum)):  # type: ignore[misc]
    @property
    def choices(cls) -> list[tuple[str, str]]:
        """Pairs of value and label, as forms and model fields want them."""
        return [(member.value, member.label) for member in cls]

    @property
    def values(cls) -> list[str]:
        """All values, in order of declaration."""
        return [member.value for member in cls]


class Choice(str, Enum, metaclass=_Words):
    """A closed set of values: `NEWCOMER = "newcomer", "新入驻"`; the label is a gettext source string."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    def __str__(self) -> str:
        return str(self.value)
