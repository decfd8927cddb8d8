"""Claims: a list one can work with, decided by one and told to the other, and taken back exactly."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linqi.accounts.models import RoleRecord
from linqi.enterprises import known
from linqi.enterprises.actions.facts import confirm_claim, make_claim, record_fact, reject_claim, undo_claim
from linqi.enterprises.actions.pairs import merge_pair
from linqi.enterprises.models import Claim, Enterprise, Fact, Pair, Tenancy
from linqi.enterprises.queries_claims import Clash, claims_to_decide, claims_waiting, clashing, said_like
from linqi.enterprises.rules.undoing import UNDO_DAYS
from linqi.journal.models import Entry
from linqi.kit import clock
from linqi.kit.access import SYSTEM
from linqi.kit.flow import MoveRefused
from linqi.kit.tests.at_once import at_once, skip_on_sqlite

DAY = date(2026, 3, 2)


def said(cast, value=62, key="employees", period="2025", firm=None, origin="visit:7", on=DAY, who="人事负责人"):
    return make_claim(
        enterprise=firm or cast.firm, key=key, value=value, period=period, said_by=who, said_on=on, origin=origin,
        by=SYSTEM,
    )  # fmt: skip


def recorded(cast, value, key="employees", period="2025", kind="register", as_of=date(2026, 1, 5), firm=None):
    return record_fact(
        enterprise=firm or cast.firm, key=key, value=value, period=period, source_kind=kind, source="人社部门",
        as_of=as_of, by=SYSTEM,
    )  # fmt: skip


def page(client, who, query=""):
    client.force_login(who)
    return client.get(reverse("enterprises:claims") + query)


def listed(client, who, query=""):
    return [row.object for row in page(client, who, query).context["table"].rows]


def post(client, who, name, *args, **sent):
    client.force_login(who)
    return client.post(reverse(f"enterprises:{name}", args=args), sent)


def everything():
    """All that is known and claimed, column by column."""
    return sorted(map(repr, Fact.objects.values())), sorted(map(repr, Claim.objects.values()))


# --- the list ---------------------------------------------------------------------------------------------------------
def test_each_claim_stands_beside_what_is_known_with_source_and_date(cast, client):
    recorded(cast, 50)
    said(cast, 62)
    text = page(client, cast.community_secretary).content.decode()
    for words in ("62 人", "50 人", "人社部门", "2026-01-05", "不一致", "人事负责人", "走访 #7"):
        assert words in text
    assert reverse("visits:detail", args=[7]) in text


def test_the_list_holds_those_that_wait_and_the_tabs_count_honestly(cast, client):
    waiting, gone = said(cast, 1), said(cast, 2, period="2024")
    reject_claim(claim=gone, reason="口误", by=cast.community_secretary)
    who = cast.econ_specialist
    assert listed(client, who) == [waiting]
    assert listed(client, who, "?state=rejected") == [gone]
    assert listed(client, who, "?state=confirmed") == []
    assert set(listed(client, who, "?state=any")) == {waiting, gone}
    tabs = page(client, who).context["table"].extra["tabs"]
    assert [tab.count for tab in tabs] == [1, 0, 1, 2]
    narrowed = page(client, who, "?q=2").context["table"].extra["tabs"]
    assert [tab.count for tab in narrowed] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=晴川", True),
        ("?q=南岭", False),
        ("?q=62", True),
        ("?q=63", False),
        ("?key=employees", True),
        ("?key=revenue", False),
        ("?key=revenue&key=employees", True),
        ("?source=visit", True),
        ("?source=page", False),
        ("?visit=7", True),
        ("?visit=8", False),
        ("?clash=register", True),
        ("?clash=any", True),
        ("?clash=same", False),
        ("?clash=alone", False),
        ("?age=3", False),
        ("?said_from=2026-03-02&said_to=2026-03-02", True),
        ("?said_from=2026-03-03", False),
        ("?sort=-enterprise", True),
        ("?sort=key&cols=key,place,by", True),
    ],
)
def test_filters_narrow_the_list(cast, client, query, found):
    recorded(cast, 50)
    made = said(cast, 62)
    assert (made in listed(client, cast.econ_specialist, query)) == found


def test_the_list_is_narrowed_by_place_and_by_how_long_it_waits(cast, client):
    made = said(cast)
    Claim.objects.filter(pk=made.pk).update(entered_at=clock.now() - timedelta(days=8))
    who = cast.econ_specialist
    assert listed(client, who, f"?place={cast.unit.pk}") == [made]
    assert listed(client, who, f"?place={cast.unit2.pk}") == []
    assert listed(client, who, "?age=7") == [made]
    assert listed(client, who, "?age=30") == []


@pytest.mark.parametrize(
    ("key", "period", "value", "text", "found"),
    [
        ("revenue", "2025", "15000000", "1500万", True),
        ("revenue", "2025", "15000000", "1500", False),
        ("ownership", "", "private", "民营", True),
        ("ownership", "", "private", "国有", False),
        ("wage_arrears", "", True, "是", True),
        ("wage_arrears", "", True, "否", False),
        ("established_on", "", "2024-05-07", "2024-05", True),
        ("registered_address", "", "前滩路 8 号", "前滩路", True),
        ("registered_address", "", "前滩路 8 号", "后滩路", False),
    ],
)
def test_a_value_is_found_by_what_it_means(cast, key, period, value, text, found):
    made = said(cast, value, key=key, period=period)
    assert (made in said_like(Claim.objects.all(), text, cast.econ_specialist)) == found


REGISTRY = [
    ("established_on", "2024-05-06", Clash.SAME),
    ("established_on", "2024-05-07", Clash.REGISTER),
    ("registered_capital", "5000000", Clash.SAME),
    ("registered_capital", "5000000.5", Clash.REGISTER),
    ("entity_type", "company", Clash.SAME),
    ("entity_type", "branch", Clash.REGISTER),
    ("registration_status", "active", Clash.ALONE),
    ("industry_code", "I6513", Clash.ALONE),
]


@pytest.mark.parametrize(("key", "value", "how"), REGISTRY)
def test_the_registrys_own_columns_are_a_register_too(cast, key, value, how):
    cast.firm.registered_capital = 5_000_000
    cast.firm.save()
    made = said(cast, value, key=key, period="")
    found = {one for one in Clash if made in clashing(Claim.objects.all(), one)}
    assert found == ({how, Clash.ANY} if how == Clash.REGISTER else {how})


def test_a_confirmed_claim_does_not_stand_beside_itself(cast):
    made = said(cast)
    confirm_claim(claim=made, by=SYSTEM)
    assert made in clashing(Claim.objects.all(), Clash.ALONE)
    assert made not in clashing(Claim.objects.all(), Clash.SAME)


def test_the_list_costs_the_same_queries_however_long_it_is(cast, client, django_assert_max_num_queries):
    recorded(cast, 50)
    said(cast)
    client.force_login(cast.econ_specialist)

    def asked():
        with django_assert_max_num_queries(40) as counted:
            client.get(reverse("enterprises:claims") + "?size=100")
        return len(counted)

    asked()
    few = asked()
    for number in range(30):
        said(cast, number, period=str(1990 + number))
        firm = Enterprise.objects.create(
            name=f"第{number}号公司", name_key=f"第{number}号公司", source="测试", as_of=DAY
        )
        Tenancy.objects.create(enterprise=firm, place=cast.unit, relation="both", source="测试")
        said(cast, number, period=str(1990 + number), firm=firm)
        said(cast, str(number), key="revenue", period=str(1990 + number))
    assert asked() == few


def test_the_export_holds_every_row_and_is_kept_in_the_journal(cast, client):
    recorded(cast, 50)
    for number in range(60):
        said(cast, number, period=str(1950 + number))
    answer = page(client, cast.econ_specialist, "?export=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert len(text.strip().splitlines()) == 61
    assert "人社部门 2026-01-05" not in text, "no claim of the list is on the period that is known"
    said(cast, 62)
    answer = page(client, cast.econ_specialist, "?export=csv&q=62")
    assert "50 人（部门数据 · 人社部门 2026-01-05）" in b"".join(answer.streaming_content).decode("utf-8-sig")
    assert [one.data["rows"] for one in Entry.objects.filter(verb="kit.exported").order_by("pk")] == [60, 1]


# --- who sees what ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["stranger", "far_enterprise_user", "enterprise_user", "nobody", "street_leader"])
def test_who_may_not_confirm_here_finds_nothing(cast, client, who):
    made = said(cast)
    user = cast.users[who]
    outside = (403, 404)
    client.force_login(user)
    assert client.get(reverse("enterprises:one_claim", args=[made.pk])).status_code in outside
    assert post(client, user, "decide_claim", made.pk, move="confirm").status_code in outside
    post(client, user, "claims_many", "confirm", pick=[made.pk], said="1")
    made.refresh_from_db()
    assert made.state == "waiting"
    if who == "stranger":
        assert client.get(reverse("enterprises:one_claim", args=[made.pk])).status_code == 404
        assert listed(client, user, "?state=any") == []
    for act in (confirm_claim, undo_claim):
        with pytest.raises(PermissionDenied):
            act(claim=made, by=user)


def without(user, permission):
    """The user, whose role has lost a permission."""
    for role in RoleRecord.objects.filter(pk__in=user.grants.values("role")):
        role.permissions = [one for one in role.permissions if one != permission]
        role.edited = True
        role.save()
    return type(user).objects.get(pk=user.pk)


def test_a_claim_on_a_field_one_may_not_read_is_not_there(cast, client):
    secret, plain = said(cast, "5000000", key="revenue"), said(cast, "private", key="ownership", period="")
    user = without(cast.governance_specialist, "enterprises.see_secrets")
    assert set(claims_to_decide(user)) == {plain}
    assert listed(client, user, "?q=500万") == []
    assert client.get(reverse("enterprises:one_claim", args=[secret.pk])).status_code == 404
    assert post(client, user, "decide_claim", secret.pk, move="confirm").status_code == 404
    with pytest.raises(PermissionDenied):
        confirm_claim(claim=secret, by=user)
    with pytest.raises(PermissionDenied):
        reject_claim(claim=secret, reason="x", by=user)
    text = b"".join(page(client, user, "?export=csv").streaming_content).decode("utf-8-sig")
    assert "营业收入" not in text
    assert "营业收入" in page(client, cast.econ_specialist).content.decode()


def test_reading_sensitive_claims_is_kept_in_the_journal_for_each_enterprise(cast, client):
    said(cast, "5000000", key="revenue")
    said(cast, "7", key="net_profit")
    said(cast, "private", key="ownership", period="")
    said(cast, "private", key="ownership", period="", firm=cast.neighbour)
    page(client, cast.econ_specialist)
    entry = Entry.objects.get(verb="enterprises.secrets_read")
    assert (entry.enterprise, entry.data) == (cast.firm.pk, {"keys": ["net_profit", "revenue"]})


# --- one claim --------------------------------------------------------------------------------------------------------
def test_the_page_of_a_claim_tells_everything_that_bears_on_it(cast, client):
    recorded(cast, 50)
    older = said(cast, 55, on=date(2026, 2, 1), who="前台")
    reject_claim(claim=older, reason="只是估计", by=cast.community_secretary)
    made = said(cast, 62)
    client.force_login(cast.econ_specialist)
    text = client.get(reverse("enterprises:one_claim", args=[made.pk])).content.decode()
    for words in ("62 人", "50 人", "与部门登记不一致", "55 人", "只是估计", "上报待核信息", "走访 #7"):
        assert words in text


def test_it_is_decided_and_taken_back_on_its_page(cast, client):
    made, who = said(cast), cast.econ_specialist
    assert post(client, who, "decide_claim", made.pk, move="reject").status_code == 422
    assert post(client, who, "decide_claim", made.pk, move="nothing").status_code == 404
    assert post(client, who, "decide_claim", made.pk, move="confirm").status_code == 302
    again = post(client, cast.community_secretary, "decide_claim", made.pk, move="reject", reason="晚了")
    assert again.status_code == 422
    assert f"{who}于" in again.content.decode()
    assert "前可以撤回" in again.content.decode()
    assert post(client, who, "decide_claim", made.pk, move="undo").status_code == 302
    made.refresh_from_db()
    assert (made.state, made.fact, made.decided_by, made.before) == ("waiting", None, None, None)


# --- several at once --------------------------------------------------------------------------------------------------
def test_several_are_shown_first_then_done_and_told_row_by_row(cast, client):
    recorded(cast, 50)
    made = [said(cast), said(cast, 9, key="insured_count", period="2026-01"), said(cast, 3, firm=cast.neighbour)]
    strange = said(cast, firm=cast.far_firm)
    who, picked = cast.econ_specialist, [*(one.pk for one in made), strange.pk]
    asked = post(client, who, "claims_many", "confirm", pick=picked)
    assert asked.status_code == 200
    assert "其中 1 条与部门登记不一致" in asked.content.decode()
    assert cast.far_firm.name not in asked.content.decode()
    assert claims_waiting(who).count() == 3
    reject_claim(claim=made[1], reason="查无此数", by=cast.community_secretary)
    done = post(client, who, "claims_many", "confirm", pick=picked, said="1")
    results = {one.one.claim.pk: one.why for one in done.context["results"]}
    assert set(results) == {one.pk for one in made}
    assert [results[made[0].pk], results[made[2].pk]] == ["", ""]
    assert "community_secretary于" in results[made[1].pk]
    assert done.context["results"][0].why, "what was refused stands first"
    strange.refresh_from_db()
    assert strange.state == "waiting"
    undone = post(client, who, "claims_many", "undo", pick=[made[0].pk, made[2].pk], said="1")
    assert undone.context["done"] == 2
    assert claims_waiting(who).count() == 2


def test_several_are_refused_only_with_a_reason(cast, client):
    made, who = said(cast), cast.econ_specialist
    assert post(client, who, "claims_many", "reject", pick=[made.pk], said="1").status_code == 422
    made.refresh_from_db()
    assert made.state == "waiting"
    post(client, who, "claims_many", "reject", pick=[made.pk], said="1", reason="与登记不符")
    made.refresh_from_db()
    assert (made.state, made.reason) == ("rejected", "与登记不符")
    assert post(client, who, "claims_many", "nothing", pick=[made.pk]).status_code == 404
    assert post(client, who, "claims_many", "confirm").status_code == 302


def test_the_way_back_leads_to_our_list_only(cast, client):
    for back in ("https://evil.example/enterprises/claims/", "//evil.example", "/enterprises/"):
        answer = post(client, cast.econ_specialist, "claims_many", "confirm", back=back)
        assert answer["Location"] == reverse("enterprises:claims")


# --- taken back -------------------------------------------------------------------------------------------------------
def test_what_a_confirmation_superseded_stands_again(cast):
    old = recorded(cast, 40, kind="visit", as_of=date(2026, 2, 1))
    made = said(cast)
    before = everything()
    confirm_claim(claim=made, by=SYSTEM)
    old.refresh_from_db()
    assert old.superseded_on == DAY
    undo_claim(claim=made, by=cast.econ_specialist)
    assert everything() == before
    entry = Entry.objects.filter(verb="enterprises.claim_undone").get()
    assert (entry.subject_id, entry.enterprise, entry.data["restored"]) == (made.pk, cast.firm.pk, [old.pk])


def test_it_is_taken_back_only_within_the_stated_time(cast):
    made = said(cast)
    decided = clock.now()
    with clock.standing(decided):
        confirm_claim(claim=made, by=SYSTEM)
    limit = decided + timedelta(days=UNDO_DAYS)
    with clock.standing(limit + timedelta(seconds=1)), pytest.raises(ValidationError, match="已超过"):
        undo_claim(claim=made, by=SYSTEM)
    with clock.standing(limit):
        undo_claim(claim=made, by=SYSTEM)
    with pytest.raises(MoveRefused):
        undo_claim(claim=made, by=SYSTEM)


@pytest.mark.parametrize("first", ["confirmed", "rejected"])
def test_it_is_not_taken_back_once_something_newer_was_confirmed(cast, first):
    made = said(cast, 62)
    if first == "confirmed":
        confirm_claim(claim=made, by=SYSTEM)
    else:
        reject_claim(claim=made, reason="再问", by=SYSTEM)
    newer = said(cast, 63, on=date(2026, 3, 5))
    other = said(cast, 1, period="2024")
    confirm_claim(claim=other, by=SYSTEM)  # another year is another thing
    confirm_claim(claim=newer, by=SYSTEM)
    before = everything()
    with pytest.raises(ValidationError, match="更新的信息"):
        undo_claim(claim=made, by=SYSTEM)
    assert everything() == before
    undo_claim(claim=newer, by=SYSTEM)
    undo_claim(claim=made, by=SYSTEM)
    assert {one.state for one in Claim.objects.exclude(pk=other.pk)} == {"waiting"}
    assert Fact.objects.count() == 1


def test_a_newer_word_of_another_kind_of_source_does_not_hold_it_back(cast):
    made = said(cast)
    confirm_claim(claim=made, by=SYSTEM)
    register = recorded(cast, 50)
    undo_claim(claim=made, by=SYSTEM)
    assert list(Fact.objects.all()) == [register]
    confirm_claim(claim=made, by=SYSTEM)
    recorded(cast, 70, kind="visit", as_of=date(2026, 3, 9))
    made.refresh_from_db()
    with pytest.raises(ValidationError, match="更新的信息"):
        undo_claim(claim=made, by=SYSTEM)


def test_two_claims_that_say_the_very_same_share_one_fact(cast):
    first, second = said(cast), said(cast)
    fact = confirm_claim(claim=first, by=SYSTEM)
    assert confirm_claim(claim=second, by=SYSTEM) == fact
    undo_claim(claim=second, by=SYSTEM)
    assert Fact.objects.get() == fact
    first.refresh_from_db()
    undo_claim(claim=first, by=SYSTEM)
    assert not Fact.objects.exists()


def test_what_was_confirmed_before_this_was_written_down_is_not_taken_back_by_guessing(cast):
    made = said(cast)
    confirm_claim(claim=made, by=SYSTEM)
    Claim.objects.update(before=None)
    with pytest.raises(ValidationError, match="无法原样撤回"):
        undo_claim(claim=made, by=SYSTEM)
    assert Fact.objects.exists()


def test_it_is_taken_back_after_the_enterprise_was_merged(cast):
    made = said(cast, firm=cast.neighbour)
    old = recorded(cast, 40, kind="visit", as_of=date(2026, 2, 1), firm=cast.neighbour)
    confirm_claim(claim=made, by=SYSTEM)
    left, right = sorted((cast.firm, cast.neighbour), key=lambda one: one.pk)
    pair = Pair.objects.create(left=left, right=right, kind="duplicate", probability=0.9)
    merge_pair(pair=pair, keep=cast.firm, by=SYSTEM)
    undo_claim(claim=Claim.objects.get(pk=made.pk), by=cast.econ_specialist)
    fact = Fact.objects.get()
    assert (fact.pk, fact.enterprise, fact.superseded_on) == (old.pk, cast.firm, None)


WORDS = st.tuples(
    st.sampled_from(["register", "visit", "enterprise", "page", "heard"]),
    st.integers(1, 3),
    st.integers(1, 6).map(lambda day: date(2026, 2, day)),
    st.sampled_from(["confirm", "reject", "wait"]),
)


@given(history=st.lists(WORDS, max_size=6), last=st.lists(WORDS, min_size=1, max_size=3), stay=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_confirmed_and_taken_back_everything_is_as_before(cast, history, last, stay):
    def word(kind, value, day, _what):
        if kind in ("page", "heard"):
            return said(cast, value, on=day, origin="visit:3" if kind == "heard" else "page")
        recorded(cast, value, kind=kind, as_of=day)
        return None

    def decide(claim, what):
        if what == "confirm":
            confirm_claim(claim=claim, by=SYSTEM)
        elif what == "reject":
            reject_claim(claim=claim, reason="不符", by=SYSTEM)

    with transaction.atomic():
        for one in history:
            if (claim := word(*one)) is not None:
                decide(claim, one[3])
        undecided = [claim for one in last if (claim := word(*one)) is not None]
        before, facts = everything(), known.facts_on(cast.firm, clock.today())
        for claim in undecided:
            decide(claim, "confirm" if stay else "reject")
        for claim in reversed(undecided):
            undo_claim(claim=claim, by=SYSTEM)
        assert everything() == before
        assert known.facts_on(cast.firm, clock.today()) == facts
        transaction.set_rollback(True)


@given(history=st.lists(WORDS, max_size=6), claim=WORDS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_would_be_known_is_what_is_known_once_it_is_confirmed(cast, history, claim):
    with transaction.atomic():
        for kind, value, day, _what in history:
            if kind in ("page", "heard"):
                kept = said(cast, value, on=day, origin="visit:3" if kind == "heard" else "page")
                confirm_claim(claim=kept, by=SYSTEM)
            else:
                recorded(cast, value, kind=kind, as_of=day)
        made = said(cast, claim[1], on=claim[2])
        today = clock.today()
        word = known.Said("employees", "2025", made.value, "visit", made.said_by, made.said_on)
        would = known.facts_if(cast.firm, today, word)
        confirm_claim(claim=made, by=SYSTEM)
        is_ = known.facts_on(cast.firm, today)
        plain = lambda facts: {at: (one.value, one.as_of, one.disputed) for at, one in facts.items()}  # noqa: E731
        assert plain(would) == plain(is_)
        transaction.set_rollback(True)


# --- at once ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_does_and_the_other_is_told(cast):
    skip_on_sqlite()
    made = said(cast)
    told = at_once(
        lambda: confirm_claim(claim=made, by=cast.econ_specialist),
        lambda: reject_claim(claim=made, reason="不符", by=cast.community_secretary),
    )
    made.refresh_from_db()
    assert sum(isinstance(one, MoveRefused) for one in told) == 1
    assert Fact.objects.count() == (1 if made.state == "confirmed" else 0)
    assert Entry.objects.filter(verb__in=["enterprises.claim_confirmed", "enterprises.claim_rejected"]).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_takes_back_while_another_confirms_something_newer(cast):
    skip_on_sqlite()
    made, newer = said(cast), said(cast, 63, on=date(2026, 3, 5))
    confirm_claim(claim=made, by=cast.econ_specialist)
    at_once(
        lambda: undo_claim(claim=made, by=cast.econ_specialist),
        lambda: confirm_claim(claim=newer, by=cast.community_secretary),
    )
    made.refresh_from_db()
    standing = Fact.objects.filter(superseded_on=None)
    assert [one.value for one in standing] == [63]
    assert Fact.objects.count() == (2 if made.state == "confirmed" else 1)


def test_the_second_of_two_pages_is_told_who_was_faster(cast, client):
    made = said(cast)
    stale = Claim.objects.get(pk=made.pk)
    confirm_claim(claim=made, by=cast.community_secretary)
    with pytest.raises(MoveRefused):
        reject_claim(claim=stale, reason="不符", by=cast.econ_specialist)
    client.force_login(cast.econ_specialist)
    answer = client.post(
        reverse("enterprises:decide_claim", args=[made.pk]), {"move": "confirm"}, headers={"HX-Request": "true"}
    )
    assert "community_secretary于" in answer.content.decode()
    assert "已采信" in answer.content.decode()
