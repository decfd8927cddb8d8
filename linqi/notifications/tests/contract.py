"""What every channel must keep, whoever it speaks to; the fake is tried by the same contract as the real one."""

from dataclasses import dataclass, field

from linqi.notifications.outside import Message, Undeliverable


@dataclass
class Fake:
    """A channel that keeps what it is given; `trouble` makes it fail."""

    key: str = "fake"
    sent: list[Message] = field(default_factory=list)
    trouble: Undeliverable | None = None

    def address_of(self, user):
        return user.email

    def send(self, message):
        if self.trouble:
            raise self.trouble
        self.sent.append(message)


class User:
    """As much of a user as a channel looks at."""

    def __init__(self, email):
        self.email = email


def holds_for(channel, received):
    """A channel reaches only users with an address, hands over title, text and address, and says nothing else."""
    assert channel.address_of(User("")) == ""
    assert channel.address_of(User("a@example.cn")) == "a@example.cn"
    assert channel.send(Message("a@example.cn", "两行\n标题", "正文", "https://linqi.example.cn/x")) is None
    (got,) = received()
    assert "a@example.cn" in got
    assert "正文" in got
    assert "https://linqi.example.cn/x" in got
