"""The channels by which a notice leaves the house; each adapter takes plain values and says what went wrong.

A channel is anything with the shape of `Channel`. Mail is shipped. SMS, DingTalk and Web Push each need a contract
with an operator that a street has or has not; an adapter for one is registered here and tried against
`tests/contract.py`.
"""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out: to whom (an address of that channel), a title, a text, and an absolute address or none."""

    to: str
    title: str
    text: str
    url: str = ""


class Undeliverable(Exception):
    """The channel refused the message; `again` says whether trying later may help."""

    def __init__(self, told: str, *, again: bool) -> None:
        super().__init__(told)
        self.again = again


class Channel(Protocol):
    """One way out 渠道."""

    key: str

    def address_of(self, user: Any) -> str:
        """Where this user is reached by this channel; empty when not at all."""

    def send(self, message: Message) -> None:
        """Hand the message over; raises Undeliverable."""


_channels: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Put a channel into use; the same key again replaces it."""
    _channels[channel.key] = channel


def channel(key: str) -> Channel | None:
    """The channel of this key, none when it is not in use any more."""
    return _channels.get(key)


def channels_for(user: Any) -> list[str]:
    """Keys of the channels that reach this user."""
    return [key for key, one in _channels.items() if one.address_of(user)]
