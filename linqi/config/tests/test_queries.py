"""/health tells the truth: each way of being unwell is told apart from being well."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from linqi.accounts.models import User
from linqi.config import queries
from linqi.config.actions import TICK, WORKER, show_life
from linqi.notifications.models import Delivery, Notice

NOW = timezone.now()


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch):
    monkeypatch.setattr(queries, "_seen_migrated", False)


def alive(*, worker=timedelta(seconds=5), tick=timedelta(seconds=5)):
    for name, ago in ((WORKER, worker), (TICK, tick)):
        if ago is not None:
            show_life(name=name, now=NOW - ago)


def job(status, *, enqueued=timedelta(0), started=None):
    made = DBTaskResult.objects.create(
        task_path="linqi.enterprises.tasks.preview",
        args_kwargs={"args": [], "kwargs": {}},
        queue_name="default",
        backend_name="default",
        run_after=NOW - enqueued,
        exception_class_path="",
        traceback="",
        status=status,
        started_at=None if started is None else NOW - started,
        priority=0,
    )
    DBTaskResult.objects.filter(pk=made.pk).update(enqueued_at=NOW - enqueued)


def test_two_fresh_pulses_and_no_backlog_is_well(db, client):
    show_life(name=WORKER, now=timezone.now())
    show_life(name=TICK, now=timezone.now())
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["ok"] is True
    assert answer["Cache-Control"] == "no-store"


def test_without_any_pulse_the_page_answers_503(db, client):
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["worker_seconds"] is None


@pytest.mark.parametrize(
    "silent",
    [
        pytest.param({"worker": timedelta(seconds=61)}, id="the worker has been silent for a minute"),
        pytest.param({"tick": timedelta(seconds=61)}, id="the tick has been silent for a minute"),
        pytest.param({"worker": None}, id="the worker was never there"),
        pytest.param({"tick": None}, id="the tick was never there"),
    ],
)
def test_a_silent_process_is_not_well(db, silent):
    alive(**silent)
    assert queries.health(NOW).ok is False


def test_a_worker_busy_with_a_long_job_is_well_as_long_as_the_tick_beats(db):
    alive(worker=timedelta(minutes=3))
    job("RUNNING", started=timedelta(minutes=3))
    assert queries.health(NOW).ok is True
    alive(worker=timedelta(minutes=3), tick=timedelta(minutes=2))
    assert queries.health(NOW).ok is False


def test_a_job_that_waits_too_long_is_not_well(db):
    alive()
    job("READY", enqueued=timedelta(minutes=5))
    assert queries.health(NOW).ok is True
    job("READY", enqueued=timedelta(minutes=16))
    state = queries.health(NOW)
    assert (state.ok, state.jobs_waiting, state.oldest_job_seconds) == (False, 2, 960.0)


def test_mail_that_should_have_left_long_ago_is_not_well(db):
    alive()
    notice = Notice.objects.create(user=User.objects.create_user(username="a"), title="通知")
    Delivery.objects.create(notice=notice, channel="mail", due_at=NOW - timedelta(minutes=16))
    state = queries.health(NOW)
    assert (state.ok, state.deliveries_overdue) == (False, 1)


def test_a_database_behind_the_program_is_told(db, monkeypatch):
    alive()
    monkeypatch.setattr(queries, "pending_migrations", lambda: True)
    state = queries.health(NOW)
    assert (state.ok, state.database, state.migrated) == (False, True, False)


def test_an_unreachable_database_is_told(db, monkeypatch):
    def gone():
        raise queries.DatabaseError

    monkeypatch.setattr(queries, "pending_migrations", gone)
    state = queries.health(NOW)
    assert (state.ok, state.database, state.migrated) == (False, False, None)


def test_migrations_are_read_once_and_the_questions_are_few(db, django_assert_max_num_queries, monkeypatch):
    alive()
    queries.health(NOW)
    monkeypatch.setattr(queries, "pending_migrations", lambda: pytest.fail("asked again"))
    with django_assert_max_num_queries(5):
        assert queries.health(NOW).ok is True
