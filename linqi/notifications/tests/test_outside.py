"""Mail and the fake keep the same contract."""

from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
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
