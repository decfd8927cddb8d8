"""Notices are told once, read by the one they are for, and go out at least once."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied

from linqi.kit.clock import ZONE, now
from linqi.notifications import outside, rules
from linqi.notifications.actions import Sent, deliver_due, mark_all_read, mark_read, notify, wish
from linqi.notifications.models import Delivery, DeliveryState, MailPace, Notice
from linqi.notifications.outside import Undeliverable
from linqi.notifications.queries import backlog, unread_count, wish_of
from linqi.notifications.tests.contract import Fake


@pytest.fixture
def fake(monkeypatch):
    """One channel only, and it is a fake."""
    channel = Fake()
    monkeypatch.setattr(outside, "_channels", {"fake": channel})
    return channel


@pytest.fixture
def reached(cast):
    """A user with an address."""
    cast.econ_specialist.email = "econ@example.cn"
    cast.econ_specialist.save()
    return cast.econ_specialist


def test_each_is_told_once_by_the_same_key(cast):
    users = [cast.econ_specialist, cast.street_leader, cast.econ_specialist]
    assert len(notify(users=users, title="办件到期", key="case:1:due")) == 2
    assert notify(users=users, title="办件到期", key="case:1:due") == []
    assert len(notify(users=[*users, cast.stranger], title="办件到期", key="case:1:due")) == 1
    assert len(notify(users=users, title="没有键的可以再说")) == 2


def test_the_disabled_are_told_nothing(cast):
    cast.econ_specialist.is_active = False
    assert notify(users=[cast.econ_specialist], title="x") == []


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_notice_leads_nowhere_else(cast, url):
    with pytest.raises(ValueError, match="address of ours"):
        notify(users=[cast.econ_specialist], title="x", url=url)


def test_reading_is_ones_own(cast):
    (notice,) = notify(users=[cast.econ_specialist], title="x")
    with pytest.raises(PermissionDenied):
        mark_read(notice=notice, by=cast.street_leader)
    assert mark_all_read(by=cast.street_leader) == 0
    assert unread_count(cast.econ_specialist) == 1
    mark_read(notice=notice, by=cast.econ_specialist)
    assert unread_count(cast.econ_specialist) == 0


def test_mail_goes_out_only_to_those_with_an_address(cast, reached, settings):
    settings.PUBLIC_URL = "https://linqi.example.cn"
    notify(users=[reached, cast.street_leader], title="新办件", body="请处理", url="/cases/7/")
    assert Delivery.objects.count() == 1
    assert deliver_due().sent == 1
    assert mail.outbox[0].to == ["econ@example.cn"]
    assert "https://linqi.example.cn/cases/7/" in mail.outbox[0].body
    assert deliver_due().sent == 0
    assert len(mail.outbox) == 1


def test_trouble_is_tried_again_later_and_later_and_then_given_up(fake, reached):
    notify(users=[reached], title="x")
    fake.trouble = Undeliverable("busy", again=True)
    moment, waits = now(), []
    for _ in range(rules.ATTEMPTS - 1):
        assert deliver_due(at=moment).later == 1
        assert deliver_due(at=moment).later == 0
        due = Delivery.objects.get().due_at
        waits.append(due - moment)
        moment = due
    assert waits == sorted(waits)
    assert deliver_due(at=moment).failed == 1
    assert Delivery.objects.get().state == DeliveryState.FAILED
    assert deliver_due(at=moment + timedelta(days=9)).failed == 0


def test_a_refused_address_is_given_up_at_once(fake, reached):
    notify(users=[reached], title="x")
    fake.trouble = Undeliverable("no such user", again=False)
    assert deliver_due().failed == 1
    assert Delivery.objects.get().error == "no such user"


def test_trouble_with_one_does_not_hold_up_the_others(monkeypatch, fake, cast, reached):
    cast.street_leader.email = "bad@example.cn"
    cast.street_leader.save()
    notify(users=[cast.street_leader, reached], title="x")
    plain = fake.send

    def send(message):
        if message.to.startswith("bad"):
            raise Undeliverable("busy", again=True)
        plain(message)

    monkeypatch.setattr(fake, "send", send)
    outcome = deliver_due()
    assert (outcome.sent, outcome.later) == (1, 1)


def test_what_another_worker_has_claimed_is_left_alone_until_the_claim_runs_out(fake, reached):
    notify(users=[reached], title="x")
    moment = now()
    seen_before = list(Delivery.objects.all())
    assert deliver_due(at=moment).sent == 1
    Delivery.objects.update(state=DeliveryState.WAITING, due_at=moment + rules.CLAIMED_FOR)
    assert seen_before
    assert deliver_due(at=moment).sent == 0
    assert deliver_due(at=moment + rules.CLAIMED_FOR).sent == 1


def test_two_workers_with_the_same_list_send_a_message_once(monkeypatch, fake, reached):
    from linqi.notifications import queries

    notify(users=[reached], title="x")
    stale = list(queries.deliveries_due(now(), 10))
    monkeypatch.setattr(queries, "deliveries_due", lambda at, limit: stale)
    assert deliver_due().sent == 1
    assert deliver_due().sent == 0
    assert len(fake.sent) == 1


def test_the_backlog_counts_what_should_be_out(fake, reached):
    notify(users=[reached], title="x")
    assert backlog(now() + timedelta(seconds=1)) == 1
    deliver_due()
    assert backlog(now() + timedelta(seconds=1)) == 0


def test_a_channel_that_is_gone_is_told_in_the_row(monkeypatch, fake, reached):
    notify(users=[reached], title="x")
    monkeypatch.setattr(outside, "_channels", {})
    assert deliver_due().failed == 1
    assert Notice.objects.count() == 1


# --- everything of the day in one message -----------------------------------------------------------------------------
EVENING = datetime(2026, 3, 2, 20, 0, tzinfo=ZONE)


def test_who_wishes_so_gets_one_mail_a_day(reached, monkeypatch, mailoutbox):
    monkeypatch.setattr("linqi.notifications.actions.now", lambda: EVENING)
    wish(mail=MailPace.DAILY, by=reached)
    for title in ("新办件", "已超期"):
        notify(users=[reached], title=title, url="/cases/1/")
    assert deliver_due(at=EVENING + timedelta(hours=12)) == Sent()
    assert deliver_due(at=EVENING + timedelta(hours=12, minutes=31)) == Sent(sent=1)
    (message,) = mailoutbox
    assert message.subject == "邻企今日通知 2 条"
    assert "新办件" in message.body
    assert "已超期" in message.body
    assert deliver_due(at=EVENING + timedelta(days=3)) == Sent()


def test_a_digest_that_cannot_go_out_is_tried_again_whole(reached, monkeypatch, mailoutbox):
    monkeypatch.setattr("linqi.notifications.actions.now", lambda: EVENING)
    wish(mail=MailPace.DAILY, by=reached)
    notify(users=[reached], title="新办件")
    due = EVENING + timedelta(days=1)

    def fail(self, message):
        raise Undeliverable("busy", again=True)

    with monkeypatch.context() as broken:
        broken.setattr("linqi.notifications.outside.mail.Mail.send", fail)
        assert deliver_due(at=due) == Sent(later=1)
    assert deliver_due(at=due) == Sent()
    assert deliver_due(at=due + timedelta(hours=1)) == Sent(sent=1)
    assert len(mailoutbox) == 1


def test_who_wishes_no_mail_gets_none_and_is_still_told_in_the_shell(reached, mailoutbox):
    wish(mail=MailPace.NEVER, by=reached)
    assert len(notify(users=[reached], title="新办件")) == 1
    assert deliver_due() == Sent()
    assert mailoutbox == []


def test_a_long_day_is_counted(reached, monkeypatch, mailoutbox):
    monkeypatch.setattr("linqi.notifications.actions.now", lambda: EVENING)
    wish(mail=MailPace.DAILY, by=reached)
    for n in range(rules.DIGEST_LINES + 3):
        notify(users=[reached], title=f"第{n}条")
    deliver_due(at=EVENING + timedelta(days=1))
    assert "另有 3 条" in mailoutbox[0].body


@pytest.mark.parametrize(("hour", "day"), [(0, 2), (8, 2), (9, 3), (23, 3)])
def test_the_next_digest_is_in_the_morning(hour, day):
    found = rules.next_digest(datetime(2026, 3, 2, hour, 0, tzinfo=ZONE))
    assert (found.day, found.hour, found.minute) == (day, 8, 30)


def test_the_page_keeps_the_wish(client, reached):
    client.force_login(reached, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.post("/notices/wish/", {"mail": "daily"})
    assert wish_of(reached) is MailPace.DAILY
    client.post("/notices/wish/", {"mail": "sometimes"})
    assert wish_of(reached) is MailPace.DAILY
    assert "每天一封汇总" in client.get("/notices/").content.decode()
