"""Many at once: nothing doubled, nothing lost, and what a crash leaves can be worked on."""

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from linqi.cases import actions
from linqi.cases.models import Case, Source
from linqi.journal.models import Entry
from linqi.kit.flow import MoveRefused
from linqi.kit.tests.at_once import at_once, skip_on_sqlite


@pytest.mark.django_db(transaction=True)
def test_two_hundred_open_the_same_problem_at_once(cast, street, category):
    skip_on_sqlite()

    def ask(number):
        try:
            return actions.open_case(
                enterprise=cast.firm,
                category=category,
                title="全楼停电",
                body=str(number),
                source=Source.DESK,
                by=cast.econ_specialist,
            ).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(ask, range(200)))
    assert len(set(made)) == 200
    numbers = list(Case.objects.values_list("number", flat=True))
    assert len(numbers) == len(set(numbers)) == 200
    assert sorted(int(one[-4:]) for one in numbers) == list(range(1, 201))
    assert Entry.objects.filter(verb="cases.opened").count() == 200
    assert Entry.objects.filter(verb="cases.dispatched").count() == 200
    assert set(Case.objects.values_list("body", flat=True)) == {str(n) for n in range(200)}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_once_one_does_and_the_other_is_told(cast, case):
    skip_on_sqlite()
    said = at_once(
        lambda: actions.accept(case=case, by=cast.department_handler),
        lambda: actions.accept(case=case, by=cast.econ_specialist),
    )
    case.refresh_from_db()
    assert sum(isinstance(one, MoveRefused) for one in said) == 1
    assert case.handler in (cast.department_handler, cast.econ_specialist)
    assert Entry.objects.filter(verb="cases.accepted", subject_id=case.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_at_once_one_answer_stands(cast, case):
    skip_on_sqlite()
    actions.accept(case=case, by=cast.department_handler)
    said = at_once(
        lambda: actions.answer(case=case, text="甲的答复", by=cast.department_handler),
        lambda: actions.answer(case=case, text="乙的答复", by=cast.econ_specialist),
    )
    case.refresh_from_db()
    (stands,) = [one for one in said if not isinstance(one, Exception)]
    assert case.answer == stands.answer
    assert Entry.objects.filter(verb="cases.answered", subject_id=case.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_join_two_cases_to_each_other_leave_one_main(cast, case, category):
    skip_on_sqlite()
    other = actions.open_case(
        enterprise=cast.firm, category=category, title="同一件", source=Source.DESK, by=cast.econ_specialist
    )
    said = at_once(
        lambda: actions.merge(case=case, main=other, reason="同一件", by=cast.econ_specialist),
        lambda: actions.merge(case=other, main=case, reason="同一件", by=cast.community_secretary),
    )
    assert sum(isinstance(one, Exception) for one in said) == 1
    assert sorted(Case.objects.values_list("state", flat=True)) == ["dispatched", "merged"]


@pytest.mark.parametrize("step", ["move_on", "write", "index_case", "tell_workers"])
def test_a_fault_at_any_step_of_opening_leaves_nothing_behind(cast, street, category, monkeypatch, step):
    from linqi.cases.actions import opening

    class Crash(Exception):
        pass

    def crash(*_args, **_more):
        raise Crash

    target = {"write": (opening.journal, "write"), "move_on": (opening, "_take_number")}.get(step, (opening, step))
    monkeypatch.setattr(*target, crash)
    before = Entry.objects.count()
    with pytest.raises(Crash), transaction.atomic():
        actions.open_case(
            enterprise=cast.firm, category=category, title="停电", source=Source.DESK, by=cast.econ_specialist
        )
    assert not Case.objects.exists()
    assert Entry.objects.count() == before


def test_killed_in_the_middle_the_case_is_as_it_was_and_work_goes_on(tmp_path):
    """A process of its own on a file of its own is killed with -9 between the writes of an action."""
    home = {**os.environ, "LINQI_HOME": str(tmp_path), "LINQI_SECRET_KEY": "x", "DATABASE_URL": ""}
    home.pop("DATABASE_URL")

    def run(script):
        head = """
            import django
            django.setup()
            from linqi.accounts.models import User
            from linqi.cases import actions
            from linqi.cases.actions import moving
            from linqi.cases.models import Case
            from linqi.journal.models import Entry
            case = Case.objects.filter(title="断电了").first()
            by = User.objects.get(username="economy")
        """
        code = textwrap.dedent(head) + textwrap.dedent(script)
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**home, "DJANGO_SETTINGS_MODULE": "linqi.config.settings"},
            capture_output=True,
            text=True,
        )

    for command in (["migrate"], ["demo", "--size", "tiny"]):
        subprocess.run(
            [sys.executable, "-m", "linqi", *command, "--verbosity", "0"], env=home, check=True, capture_output=True
        )
    opened = run("""
        from linqi.cases.models import Source
        from linqi.catalogue.models import Category
        category = Category.objects.get(code="safety-emergency")
        place = by.grants.first().place
        print(actions.open_case(enterprise=None, place=place, category=category, title="断电了", source=Source.DESK, by=by).state)
    """)
    assert opened.stdout.strip() == "dispatched", opened.stderr
    killed = run("""
        import os, signal
        moving.journal.write = lambda **_more: os.kill(os.getpid(), signal.SIGKILL)
        actions.accept(case=case, by=by)
    """)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    after = run("""
        told = Entry.objects.filter(verb="cases.accepted", subject_id=case.pk).count()
        print(case.state, case.handler_id, told)
        done = actions.accept(case=case, by=by)
        print(done.state, Entry.objects.filter(verb="cases.accepted", subject_id=case.pk).count())
    """)
    assert after.stdout.split() == ["dispatched", "None", "0", "accepted", "1"], after.stderr
