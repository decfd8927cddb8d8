"""One's notices as a page and at the bell."""

from linqi.notifications.actions import notify
from linqi.notifications.models import Notice


def test_one_reads_ones_own(client, cast):
    notify(users=[cast.econ_specialist], title="办件将到期", body="还有一天", url="/accounts/profile/")
    notify(users=[cast.stranger], title="别人的")
    client.force_login(cast.econ_specialist)
    page = client.get("/notices/").content.decode()
    assert "办件将到期" in page
    assert "别人的" not in page
    assert "1 条未读" in client.get("/notices/bell/").content.decode()
    notice = Notice.objects.get(user=cast.econ_specialist)
    assert client.post(f"/notices/{notice.pk}/read/")["Location"] == "/accounts/profile/"
    assert "未读" not in client.get("/notices/bell/").content.decode()
    foreign = Notice.objects.get(user=cast.stranger)
    assert client.post(f"/notices/{foreign.pk}/read/").status_code == 404


def test_all_at_once_and_by_state(client, cast):
    notify(users=[cast.econ_specialist], title="甲")
    notify(users=[cast.econ_specialist], title="乙")
    client.force_login(cast.econ_specialist)
    client.post("/notices/read/")
    assert Notice.objects.filter(read_at=None).count() == 0
    assert "甲" in client.get("/notices/?state=read").content.decode()
    assert "甲" not in client.get("/notices/?state=unread").content.decode()


def test_reading_needs_a_post(client, cast):
    (notice,) = notify(users=[cast.econ_specialist], title="甲")
    client.force_login(cast.econ_specialist)
    assert client.get(f"/notices/{notice.pk}/read/").status_code == 405
    assert client.get("/notices/read/").status_code == 405
