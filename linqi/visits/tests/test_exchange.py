"""Devices against the real server over a real database: nothing lost, nothing twice, all equal, whatever happens in between."""

import json
import random
import uuid
from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from linqi.accounts.models import Grant, RoleRecord
from linqi.cases import actions as cases
from linqi.cases.models import Case, Source
from linqi.catalogue.models import Category
from linqi.journal import actions as journal
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.aside import Gone
from linqi.kit.turns import Turns
from linqi.organisation.models import LinkTeam, LinkTeamSeat
from linqi.visits import actions
from linqi.visits.actions import hand
from linqi.visits.models import Device, FieldConflict, Finding, Operation, Visit
from linqi.visits.views import hand as views

from .conftest import MONDAY
from .fleet import Desk, Lost, Network, Phone, everything, live
from .oracle import Held, faults

TODAY = MONDAY.date()
RUNS, GROUPS = 200, 20  # random runs in all, in so many tests


class Killed(BaseException):
    """The server is gone, in the middle of whatever it did."""


def post(token, body, client=None):
    return (client or Client()).post(
        reverse("visits:exchange"), body, content_type="application/json", headers={"Authorization": f"Device {token}"}
    )


@pytest.fixture
def phone(cast, street):
    """Registers a device of one of the cast."""

    def make(who="econ_specialist"):
        device, token = hand.register_device(name="手机", by=cast.users[who])
        return device, Phone(token, random.Random(device.pk), f"手机{device.pk}")

    return make


@pytest.fixture
def planned(cast, street):
    return Visit.objects.create(
        enterprise=cast.firm,
        place=cast.unit,
        street=cast.street,
        visitor=cast.econ_specialist,
        state="planned",
        planned_for=TODAY,
    )


def sync(phone, most=50):
    answer = post(phone.token, phone.parcel(clock.now(), most))
    assert answer.status_code == 200, answer.content.decode()
    phone.take(answer.json())
    return answer.json()


# --- the random runs ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("group", range(GROUPS))
def test_nothing_is_lost_nothing_doubled_and_all_devices_hold_the_same(cast, street, phone, at, group):
    told = Counter()
    for run in range(RUNS // GROUPS):
        told += _random_run(cast, phone, at, seed=group * 1000 + run)
    assert {"dropped", "doubled", "answer dropped", "out of order"} <= told.keys()


def _random_run(cast, phone, at, seed):
    rng, moment = random.Random(seed), [MONDAY + timedelta(hours=seed % 1000)]
    at(moment[0])

    def onwards():
        moment[0] += timedelta(seconds=rng.randrange(1, 40))
        at(moment[0])
        return moment[0]

    Device.objects.update(revoked_at=moment[0])
    Visit.objects.filter(state="planned").update(state="cancelled")
    visits = [
        Visit.objects.create(
            enterprise=firm,
            place=firm.seat,
            street=cast.street,
            visitor=cast.econ_specialist,
            team=_team(cast),
            state="planned",
            planned_for=TODAY,
        )
        for firm in (cast.firm, cast.neighbour)
    ]
    owners = ["econ_specialist", "community_secretary"] + (["econ_specialist"] if seed % 3 == 0 else [])
    phones = [phone(owner)[1] for owner in owners]
    for number, one in enumerate(phones):
        one.name, one.rng = f"{seed}-{number}", rng

    def dying(call):
        left = [rng.randrange(1, 60) if rng.random() < 0.15 else 10**6]

        def kill(execute, sql, params, many, context):
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(kill):
                return call()
        except Killed:
            raise Lost from None

    def send(token, body):
        answer = dying(lambda: post(token, body))
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    browser = Client()
    browser.force_login(cast.party_specialist, backend="allauth.account.auth_backends.AuthenticationBackend")

    def page(call, *said):
        answer = dying(lambda: call(*said))
        return answer.status_code, answer.content.decode()

    def whole(one):
        fresh = Phone(one.token, rng)
        fresh.take(post(one.token, fresh.parcel(moment[0], 0)).json())
        return fresh.holds

    desk = Desk(
        lambda path: page(browser.get, path), lambda path, form: page(browser.post, path, form), rng, f"桌{seed}"
    )
    with connection.cursor() as cursor:
        before = Held.of(cursor)
    firms = [cast.firm.pk, cast.neighbour.pk]
    network = Network(send, rng, bad=0.6)
    live(phones, network, firms, onwards, steps=22, desk=desk, visits=[one.pk for one in visits])
    with connection.cursor() as cursor:
        assert faults(cursor, *everything(phones, desk, whole), before) == [], f"seed {seed}"
    return network.told


def _team(cast):
    """The link team of the building: both who carry a device sit in it."""
    team, made = LinkTeam.objects.get_or_create(
        building=cast.building, until=None, defaults={"name": "一号楼联络组", "since": date(2024, 1, 1)}
    )
    if made:
        for role, user in (("operator", cast.econ_specialist), ("party_member", cast.community_secretary)):
            LinkTeamSeat.objects.create(team=team, role=role, user=user, since=date(2024, 1, 1))
    return team


# --- one by one ---------------------------------------------------------------------------------------------------------
def test_two_devices_say_different_things_of_one_field_and_a_person_says_which_it_is(cast, phone, planned):
    (_a, one), (_b, two) = phone(), phone()
    sync(one), sync(two)
    one.say("set", str(planned.pk), {"summary": "想扩产"}, MONDAY)
    two.say("set", str(planned.pk), {"summary": "想搬走", "met": "前台"}, MONDAY)
    sync(one)
    answer = sync(two)["outcomes"][0]
    planned.refresh_from_db()
    assert (answer["outcome"], planned.summary, planned.met) == ("conflict", "想扩产", "前台")
    assert "两种写法都保留" in answer["reason"]
    clash = two.holds[planned.pk]["conflicts"][0]
    assert clash["value"] == "想搬走"
    two.say("settle", str(planned.pk), {"conflict": clash["id"], "value": "想扩产，一部分搬走"}, MONDAY)
    sync(two), sync(one)
    assert one.holds[planned.pk] == two.holds[planned.pk]
    assert one.holds[planned.pk]["said"]["summary"]["value"] == "想扩产，一部分搬走"
    assert one.holds[planned.pk]["conflicts"] == []


def test_what_two_say_alike_is_not_taken_back_by_one_of_them_unseen(cast, phone, planned):
    (_a, one), (_b, two) = phone(), phone("community_secretary")
    one.say("set", str(planned.pk), {"summary": "一切正常"}, MONDAY)
    two.say("set", str(planned.pk), {"summary": "一切正常"}, MONDAY)
    first, one.queue = one.queue, []
    assert post(one.token, json.dumps({"now": MONDAY.isoformat(), "operations": first})).status_code == 200
    assert sync(two)["outcomes"][0]["outcome"] == "applied"
    one.say("set", str(planned.pk), {"summary": "电梯坏了"}, MONDAY)  # it has not heard back since its first word
    assert sync(one)["outcomes"][0]["outcome"] == "conflict"
    planned.refresh_from_db()
    assert (planned.summary, FieldConflict.objects.get().value) == ("一切正常", "电梯坏了")


def test_who_settles_does_not_overwrite_what_was_written_while_they_weighed(cast, phone, planned):
    (_a, one), (_b, two) = phone(), phone()
    sync(one), sync(two)
    one.say("set", str(planned.pk), {"summary": "想扩产"}, MONDAY)
    two.say("set", str(planned.pk), {"summary": "想搬走"}, MONDAY)
    sync(one), sync(two), sync(one)
    clash = one.holds[planned.pk]["conflicts"][0]
    answer = {"conflict": clash["id"], "value": "想扩产", "beside": "想搬走"}
    two.say("set", str(planned.pk), {"summary": "想搬走，已看房"}, MONDAY)  # the words beside
    two.queue[-1]["seen"] = 0  # written on the sheet of the morning
    sync(two)
    one.say("settle", str(planned.pk), answer, MONDAY)
    assert sync(one)["outcomes"][0]["outcome"] == "refused"
    sync(one)
    planned.refresh_from_db()
    actions.record_visit(
        visit=planned, visited_on=TODAY, summary="在桌前写的", seen=planned.edition, by=cast.community_secretary
    )  # the words that stood first
    one.say("settle", str(planned.pk), {**answer, "beside": "想搬走，已看房"}, MONDAY)
    outcome = sync(one)["outcomes"][0]
    assert outcome["outcome"] == "refused"
    assert "没有覆盖" in outcome["reason"]
    planned.refresh_from_db()
    assert (planned.summary, FieldConflict.objects.get(settled_at=None).value) == ("在桌前写的", "想搬走，已看房")


def test_the_desk_that_comes_second_adds_its_words_instead_of_losing_them(cast, phone, planned, as_):
    browser = as_("community_secretary")
    page = browser.get(reverse("visits:record", args=[planned.pk]))
    _device, one = phone()
    one.say("set", str(planned.pk), {"summary": "从手机写的"}, MONDAY)
    one.say("finish", str(planned.pk), {}, MONDAY)
    sync(one)
    seen = page.context["form"].initial["seen"]
    form = {"summary": "在桌前写的", "met": "前台", "visited_on": TODAY, "seen": seen}
    assert browser.post(reverse("visits:record", args=[planned.pk]), form).status_code == 302
    planned.refresh_from_db()
    assert (planned.summary, planned.met, FieldConflict.objects.get().value) == ("从手机写的", "前台", "在桌前写的")


def test_too_many_at_once_are_told_when_to_come_again(phone, planned, monkeypatch):
    monkeypatch.setattr(views, "EXCHANGES", Turns(at_work=1, waiting=0))
    _device, one = phone()
    one.say("set", str(planned.pk), {"met": "前台"}, MONDAY)
    with views.EXCHANGES.turn():
        answer = post(one.token, one.parcel(MONDAY, 5))
    assert (answer.status_code, int(answer["Retry-After"]) >= 1) == (503, True)
    assert not Operation.objects.exists()
    assert sync(one)["outcomes"][0]["outcome"] == "applied"


def test_a_device_comes_again_when_the_process_of_exchanges_died_after_it_had_done_what_was_said(
    phone, planned, monkeypatch
):
    _device, one = phone()
    one.say("set", str(planned.pk), {"met": "前台"}, MONDAY)

    def dies(*said):
        views.exchanged(*said)
        raise Gone

    with monkeypatch.context() as patched:
        patched.setattr(views, "_aside", dies)
        answer = post(one.token, one.parcel(clock.now(), 5))
    assert (answer.status_code, int(answer["Retry-After"])) == (503, views.ANEW)
    assert sync(one)["outcomes"][0]["outcome"] == "applied"
    assert Entry.objects.filter(verb=Verb.VISIT_FIELDS_SAID).count() == 1


def test_who_brings_more_at_once_is_told_what_changed_with_the_last_of_it(phone, planned):
    _device, one = phone()
    for met in ("前台", "财务", "行政"):
        one.say("set", str(planned.pk), {"met": met}, MONDAY)
    assert "listed" not in sync(one, most=2)
    assert sync(one, most=2)["sheets"][0]["said"]["met"]["value"] == "行政"


def test_a_run_asks_the_database_as_often_for_many_operations_as_for_few(phone, planned):
    _device, one = phone()
    sync(one)
    asked = []
    for many in (3, 60):
        for number in range(many):
            one.say("set", str(planned.pk), {"met": f"前台{many}{number}"}, MONDAY)
        with CaptureQueriesContext(connection) as queries:
            sync(one, most=60)
        asked.append(len(queries))
    assert asked[0] == asked[1]
    assert len(one.answered) == 63


def test_a_sheet_tells_what_to_ask_and_what_was_said_before_in_as_many_questions(cast, phone, planned):
    planned.reasons = ["newcomer"]
    planned.save()
    _device, one = phone()
    sync(one)
    _device, two = phone()
    with CaptureQueriesContext(connection) as alone:
        (sheet,) = sync(two)["sheets"]
    (asked,) = sheet["asked"]
    assert asked["label"] == "新入驻企业"
    assert asked["questions"]
    assert sheet["before"] == []
    at = {
        "place": cast.unit,
        "street": cast.street,
        "visitor": cast.econ_specialist,
        "state": "done",
        "planned_for": TODAY,
    }
    for day in (41, 42, 43, 44):  # so long ago that no sheets of them are kept
        said = {"visited_on": TODAY - timedelta(days=day), "met": "财务", "summary": f"{day}天前"}
        Visit.objects.create(enterprise=cast.firm, **at, **said)
    _device, three = phone()
    with CaptureQueriesContext(connection) as among:
        (sheet,) = sync(three)["sheets"]
    assert [one["met"] for one in sheet["before"]] == ["财务"] * 3
    assert len(among) == len(alone)


def test_the_desk_does_not_overwrite_unseen_what_a_device_said(cast, phone, planned, as_):
    browser = as_("community_secretary")
    page = browser.get(reverse("visits:record", args=[planned.pk]))
    _device, one = phone()
    sync(one)
    one.say("set", str(planned.pk), {"summary": "从手机写的"}, MONDAY)
    sync(one)
    form = {"summary": "在桌前写的", "visited_on": TODAY, "seen": page.context["form"].initial["seen"]}
    browser.post(reverse("visits:record", args=[planned.pk]), form)
    planned.refresh_from_db()
    assert (planned.state, planned.summary) == ("done", "从手机写的")
    assert FieldConflict.objects.get().value == "在桌前写的"


def test_a_visit_written_without_a_signal_becomes_a_visit_a_claim_a_case_and_a_clue(cast, phone):
    _device, one = phone()
    key, category = str(uuid.uuid4()), Category.objects.order_by("pk").first()
    for kind, body in (
        ("start", {"enterprise": cast.firm.pk}),
        ("set", {"met": "行政人事", "summary": "设备已进场", "next_step": "月底回访"}),
        ("finish", {}),
        ("finding", {"kind": "fact", "key": "insured_count", "value": "35人", "period": "2026-02"}),
        ("finding", {"kind": "problem", "title": "电梯停了", "category": category.pk, "compared": []}),
        ("finding", {"kind": "clue", "text": "三楼堵了通道"}),
    ):
        one.say(kind, key, body, MONDAY - timedelta(minutes=20))
    assert [row["outcome"] for row in sync(one)["outcomes"]] == ["applied"] * 6
    visit = Visit.objects.get()
    assert (visit.state, visit.met, visit.visited_on) == ("done", "行政人事", TODAY)
    assert [row.kind for row in visit.findings.order_by("pk")] == ["fact", "problem", "clue"]
    assert Case.objects.get().source == Source.VISIT
    again = post(one.token, json.dumps({"now": MONDAY.isoformat(), "operations": []}))
    assert again.status_code == 200


def test_a_problem_that_may_be_known_already_is_asked_about_instead_of_opened(cast, phone, planned):
    category = Category.objects.order_by("pk").first()
    open_case = cases.open_case(
        enterprise=cast.firm, category=category, title="电梯坏了", source=Source.VISIT, by=cast.econ_specialist
    )
    _device, one = phone()
    said = {"kind": "problem", "title": "电梯停了", "category": category.pk, "compared": []}
    one.say("set", str(planned.pk), {"summary": "好"}, MONDAY)
    one.say("finish", str(planned.pk), {}, MONDAY)
    one.say("finding", str(planned.pk), said, MONDAY)
    answer = sync(one)["outcomes"][-1]
    assert (answer["outcome"], answer["result"]["cases"][0]["id"]) == ("conflict", open_case.pk)
    assert Case.objects.count() == 1
    one.say("finding", str(planned.pk), {**said, "join": open_case.pk}, MONDAY)
    one.say("finding", str(planned.pk), {**said, "compared": [open_case.pk]}, MONDAY)
    assert [row["outcome"] for row in sync(one)["outcomes"]] == ["applied", "applied"]
    assert Case.objects.count() == 2


def test_what_an_action_refuses_is_kept_with_its_reason_and_holds_nothing_up(cast, phone, planned):
    _device, one = phone()
    one.say("finish", str(planned.pk), {}, MONDAY)  # nothing was written yet
    one.say("finding", str(planned.pk), {"kind": "clue", "text": "x"}, MONDAY)
    one.say("nonsense", str(planned.pk), {}, MONDAY)
    one.say("set", str(planned.pk), {"summary": 5}, MONDAY)
    one.say("set", str(planned.pk), {"summary": "好"}, MONDAY)
    one.say("finish", str(planned.pk), {}, MONDAY)
    outcomes = [row["outcome"] for row in sync(one)["outcomes"]]
    assert outcomes == ["refused"] * 4 + ["applied"] * 2
    assert "一两句话" in Operation.objects.get(seq=1).reason
    assert not Finding.objects.exists()


def test_a_visit_somebody_called_off_meanwhile_is_said_in_words(cast, phone, planned):
    _device, one = phone()
    sync(one)
    actions.cancel_visit(visit=planned, by=cast.econ_specialist)
    one.say("set", str(planned.pk), {"summary": "去过了"}, MONDAY)
    one.say("finish", str(planned.pk), {}, MONDAY)
    answer = sync(one)["outcomes"]
    assert [row["outcome"] for row in answer] == ["refused", "refused"]
    assert all("已取消" in row["reason"] for row in answer)
    assert Operation.objects.get(seq=1).body == {"summary": "去过了"}, "what was written is not lost"


def test_numbers_with_a_gap_are_answered_with_the_one_that_is_wanted(phone, planned):
    _device, one = phone()
    one.say("set", str(planned.pk), {"met": "前台"}, MONDAY)
    one.say("set", str(planned.pk), {"met": "财务"}, MONDAY)
    first, one.queue = one.queue[0], one.queue[1:]
    assert sync(one)["wanted"] == 1
    assert not Operation.objects.exists()
    one.queue.insert(0, first)
    assert "wanted" not in sync(one)


def test_a_device_set_back_to_an_older_copy_must_be_registered_anew(phone, planned):
    _device, one = phone()
    one.say("set", str(planned.pk), {"met": "前台"}, MONDAY)
    sync(one)
    one.numbered = 0
    one.say("set", str(planned.pk), {"met": "财务"}, MONDAY)
    assert post(one.token, one.parcel(MONDAY, 5)).status_code == 409
    assert Operation.objects.count() == 1


# --- who may -------------------------------------------------------------------------------------------------------------
def test_a_revoked_device_brings_nothing_and_is_told_to_forget(cast, phone, planned):
    device, one = phone()
    one.say("set", str(planned.pk), {"met": "前台"}, MONDAY)
    hand.revoke_device(device=device, by=cast.econ_specialist)
    answer = post(one.token, one.parcel(MONDAY, 5))
    assert (answer.status_code, answer.json()["wipe"]) == (401, True)
    assert not Operation.objects.exists()
    device.refresh_from_db()
    assert device.wiped_at is not None


def test_a_registration_ends_and_so_does_the_right_of_its_owner(cast, phone, at):
    _device, one = phone()
    body = one.parcel(MONDAY, 0)
    assert post(one.token, body).status_code == 200
    cast.econ_specialist.grants.update(until=TODAY)
    assert post(one.token, body).status_code == 401
    cast.econ_specialist.grants.update(until=None)
    at(MONDAY + hand.LASTS + timedelta(hours=1))
    assert post(one.token, body).status_code == 401


@pytest.mark.parametrize("header", ["", "Device", "Device x", "Bearer x"])
def test_without_a_token_nothing_is_exchanged(db, header):
    answer = Client().post(
        reverse("visits:exchange"), "{}", content_type="application/json", headers={"Authorization": header}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("body", ["", "x", "[]", "{}", '{"now": 1}', "[" * 5000])
def test_what_cannot_be_read_is_refused_whole(phone, body):
    _device, one = phone()
    assert post(one.token, body).status_code == 400


def test_another_streets_device_neither_sees_nor_changes_our_visits(cast, phone, planned):
    _device, far = phone("stranger")
    far.say("set", str(planned.pk), {"summary": "外人"}, MONDAY)
    far.say("start", str(uuid.uuid4()), {"enterprise": cast.firm.pk}, MONDAY)
    answer = sync(far)
    assert [row["outcome"] for row in answer["outcomes"]] == ["refused", "refused"]
    assert (answer["listed"], answer["sheets"]) == ([], [])


def test_a_colleagues_key_of_a_visit_is_not_mine(cast, phone):
    (_a, one), (_b, two) = phone(), phone("community_secretary")
    key = str(uuid.uuid4())
    one.say("start", key, {"enterprise": cast.firm.pk}, MONDAY)
    sync(one)
    two.say("set", key, {"met": "前台"}, MONDAY)
    assert sync(two)["outcomes"][0]["outcome"] == "refused"


@pytest.mark.parametrize("who", ["enterprise_user", "nobody", "street_leader"])
def test_who_records_no_visits_registers_no_device(cast, as_, who):
    assert as_(who).post(reverse("visits:register"), {"name": "手机"}).status_code == 403
    assert not Device.objects.exists()


def test_devices_are_listed_and_revoked_by_their_owner_only(cast, phone, as_):
    device, _one = phone()
    assert "手机" in as_("econ_specialist").get(reverse("visits:devices")).content.decode()
    assert as_("community_secretary").post(reverse("visits:revoke", args=[device.pk])).status_code == 404
    as_("econ_specialist").post(reverse("visits:revoke", args=[device.pk]))
    device.refresh_from_db()
    assert device.revoked_at is not None
    assert Entry.objects.filter(verb="visits.device_revoked").count() == 1


def test_a_conflict_is_shown_side_by_side_and_settled_on_the_page_once(cast, phone, planned, as_):
    (_a, one), (_b, two) = phone(), phone()
    sync(one), sync(two)
    one.say("set", str(planned.pk), {"summary": "想扩产"}, MONDAY)
    two.say("set", str(planned.pk), {"summary": "想搬走"}, MONDAY)
    sync(one), sync(two)
    browser = as_("community_secretary")
    page = browser.get(reverse("visits:devices")).content.decode()
    assert "想扩产" in page
    assert "想搬走" in page
    clash = FieldConflict.objects.get()
    browser.post(reverse("visits:conflict", args=[clash.pk]), {"value": "想扩产"})
    assert browser.post(reverse("visits:conflict", args=[clash.pk]), {"value": "别的"}).status_code == 404
    planned.refresh_from_db()
    assert planned.summary == "想扩产"


def test_there_is_an_end_to_how_many_devices_one_has(cast, phone):
    for _number in range(hand.MOST_DEVICES):
        phone()
    with pytest.raises(ValidationError):
        phone()


# --- the judge itself -----------------------------------------------------------------------------------------------------
def _lose(visit):
    Operation.objects.order_by("pk").first().delete()


def _double(visit):
    found = Finding.objects.get()
    found.pk = None
    found.save()


def _overwrite(visit):
    Visit.objects.filter(pk=visit.pk).update(summary="谁也没看见")


def _drop_what_stood_beside(visit):
    FieldConflict.objects.all().delete()


def _tell_twice(visit):
    entry = Entry.objects.filter(verb="visits.fields_said").first()
    journal.write(by=SYSTEM, verb=Verb(entry.verb), subject=visit)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_lose, "lost"),
        (_double, "doubled"),
        (_overwrite, "is gone"),
        (_drop_what_stood_beside, "is gone"),
        (_tell_twice, "times told"),
    ],
)
def test_the_judge_sees_what_is_wrong(cast, phone, planned, harm, said):
    (_a, one), (_b, two) = phone(), phone()
    with connection.cursor() as cursor:
        before = Held.of(cursor)
    sync(one), sync(two)
    one.say("set", str(planned.pk), {"summary": "想扩产"}, MONDAY)
    two.say("set", str(planned.pk), {"summary": "想搬走"}, MONDAY)
    one.say("finish", str(planned.pk), {}, MONDAY)
    one.say("finding", str(planned.pk), {"kind": "clue", "text": "三楼堵了通道"}, MONDAY)
    sync(one), sync(two), sync(one)
    said_all = everything([one, two], None, lambda phone: phone.holds)
    with connection.cursor() as cursor:
        assert faults(cursor, *said_all, before) == []
        harm(planned)
        assert any(said in found for found in faults(cursor, *said_all, before))


def test_a_visit_that_one_sees_and_may_not_record_stays_as_it_is_in_a_run_too(cast, phone, planned):
    """Two grants: over the street to see, over another place to record."""
    device, one = phone()
    sync(one)
    role = cast.econ_specialist.grants.get().role
    role.permissions = [code for code in role.permissions if code != "visits.record"]
    role.save()
    own = RoleRecord.objects.create(code="own", label="本人", permissions=["visits.see", "visits.record"])
    Grant.objects.create(user=cast.econ_specialist, role=own, place=cast.unit2, since=TODAY)
    one.say("set", str(planned.pk), {"summary": "想扩产"}, MONDAY)
    one.say("finish", str(planned.pk), {}, MONDAY)
    sync(one)
    assert {row.reason for row in Operation.objects.filter(device=device)} == {"您没有办这件事的权限。"}
    planned.refresh_from_db()
    assert (planned.state, planned.summary, planned.edition) == ("planned", "", 0)
