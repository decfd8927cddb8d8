"""Mail and the fake keep the same contract."""

from email import message_from_bytes, policy
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from socket import socket

import pytest
from aiosmtpd.controller import Controller
from django.core import mail

from linqi.notifications.outside import Message, Undeliverable, channel
from linqi.notifications.outside.mail import Mail
from linqi.notifications.tests.contract import Fake, holds_for


def test_mail_keeps_the_contract():
    holds_for(Mail(), lambda: [f"{one.to} {one.subject} {one.body}" for one in mail.outbox])
    assert mail.outbox[0].subject == "两行 标题"


def test_the_fake_keeps_the_contract():
    fake = Fake()
    holds_for(fake, lambda: [str(one) for one in fake.sent])


@pytest.mark.parametrize(
    ("raised", "again"),
    [(SMTPRecipientsRefused({}), False), (SMTPServerDisconnected("gone"), True), (TimeoutError(), True)],
    ids=["the address is refused", "the server hangs up", "nobody answers"],
)
def test_mail_says_whether_trying_again_may_help(monkeypatch, raised, again):
    def fail(self, fail_silently):
        raise raised

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
    with pytest.raises(Undeliverable) as trouble:
        Mail().send(Message("a@example.cn", "t", "x"))
    assert trouble.value.again is again


def test_mail_is_in_use():
    assert isinstance(channel("mail"), Mail)


# --- a real mail server -----------------------------------------------------------------------------------------------
class Received:
    """A mail server's end: it keeps what it takes, and refuses one address and one hour."""

    def __init__(self):
        self.taken = []
        self.busy = False

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.busy:
            return "451 try later"
        self.taken.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@pytest.fixture
def server(settings):
    """An SMTP server on this machine, and mail set up to go there."""
    received = Received()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(received, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    yield received
    controller.stop()


def test_a_real_server_gets_chinese_whole(server):
    Mail().send(Message("a@example.cn", "已答复：电梯停运", "正文第一行\n第二行", "https://linqi.example.cn/cases/1/"))
    ((to, got),) = server.taken
    assert to == ["a@example.cn"]
    assert got["Subject"] == "已答复：电梯停运"
    assert got.get_content().split() == ["正文第一行", "第二行", "https://linqi.example.cn/cases/1/"]


def test_a_real_server_refuses_for_good_or_for_now(server):
    with pytest.raises(Undeliverable) as unknown:
        Mail().send(Message("nobody@example.cn", "t", "x"))
    server.busy = True
    with pytest.raises(Undeliverable) as busy:
        Mail().send(Message("a@example.cn", "t", "x"))
    assert (unknown.value.again, busy.value.again) == (False, True)
    assert server.taken == []


def test_when_nobody_listens_it_is_tried_again(server, settings):
    settings.EMAIL_PORT = 9  # discard: nobody is there
    with pytest.raises(Undeliverable) as silent:
        Mail().send(Message("a@example.cn", "t", "x"))
    assert silent.value.again is True
