"""Shares of evidence, the chain, thresholds and the law: pure decisions."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import combinations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from linqi.kit.clock import ZONE
from linqi.waste.flow import ENDED, LIFE, SERVED, TaskMove, TaskState
from linqi.waste.law import book
from linqi.waste.rules import ladder, law, tracing
from linqi.waste.rules.law import Finding, Officer, Recording, Subject
from linqi.waste.rules.tracing import CARD_SHARE, Ground, shares

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
OFFICERS = [Officer("张三", "330110001"), Officer("李四", "330110002")]
SHARED = "/work/shared/domain/waste_law.yaml"

parties = st.sets(st.integers(1, 8), max_size=6)
deposits = st.dictionaries(st.integers(1, 8), st.integers(0, 50), max_size=6)


# --- shares of evidence ----------------------------------------------------------------------------------------------
@given(parties, st.none() | st.integers(1, 8), deposits, st.integers(0, 50))
def test_shares_sum_to_one_are_positive_and_name_each_party_once(around, holder, used, cardless):
    found = shares(around, holder=holder, deposits=used, cardless=cardless)
    assert sum(one.share for one in found) == 1
    assert all(one.share > 0 for one in found)
    assert len({one.party for one in found}) == len(found)
    known = around | ({holder} if holder else set()) | {one for one, count in used.items() if count}
    assert {one.party for one in found} <= known | {None}


@given(parties, deposits, st.integers(0, 50))
def test_without_a_card_nobody_is_guessed(around, used, cardless):
    """Two enterprises with the same evidence have the same share."""
    found = {one.party: one.share for one in shares(around, holder=None, deposits=used, cardless=cardless)}
    weights = {one: used.get(one, 0) for one in found if one is not None}
    for one, other in combinations(weights, 2):
        if weights[one] == weights[other]:
            assert found[one] == found[other]
        else:
            assert (found[one] < found[other]) == (weights[one] < weights[other])


@given(parties, st.integers(1, 8), deposits, st.integers(0, 50))
def test_a_card_never_lowers_the_share_of_its_holder_below_nine_tenths_and_never_makes_it_certain(
    around, holder, used, cardless
):
    found = {one.party: one for one in shares(around, holder=holder, deposits=used, cardless=cardless)}
    assert found[holder].share == CARD_SHARE < 1
    assert found[holder].ground == Ground.CARD


def test_nobody_on_record_stays_unknown():
    (only,) = shares([], holder=None, deposits={}, cardless=0)
    assert (only.party, only.share, only.ground) == (None, 1, Ground.NOBODY)


def test_deposits_without_a_card_keep_their_part_unknown():
    found = shares([1, 2], holder=None, deposits={1: 3, 2: 1}, cardless=4)
    assert [(one.party, one.share) for one in found] == [
        (1, Fraction(1, 3)),
        (2, Fraction(1, 9)),
        (None, Fraction(5, 9)),
    ]


@given(st.integers(1, 8), st.integers(1, 50))
def test_few_deposits_prove_little_and_no_number_of_them_makes_it_certain(party, count):
    found = {one.party: one.share for one in shares([party], holder=None, deposits={party: count}, cardless=0)}
    assert found[party] == Fraction(count, count + 1) < 1


@given(st.lists(st.tuples(parties, deposits, st.integers(0, 9)), max_size=5))
def test_several_clues_weigh_alike_and_still_sum_to_one(clues):
    lists = [shares(around, holder=None, deposits=used, cardless=n) for around, used, n in clues]
    found = tracing.together(lists)
    assert sum(one.share for one in found) == 1
    for one in found:
        mean = sum((s.share for each in lists for s in each if s.party == one.party), Fraction()) / max(len(lists), 1)
        assert one.share == (mean if lists else 1)


# --- the chain -----------------------------------------------------------------------------------------------------------
words = st.text(max_size=8)
facts = st.dictionaries(words, st.none() | st.integers(-9, 9) | words, max_size=3)


def _chain(data):
    links = []
    for n, one in enumerate(data):
        links.append(tracing.linked(links[-1] if links else None, f"2026-03-02T10:00:{n:02d}", "what", one))
    return links


@given(st.lists(facts, max_size=6))
def test_a_chain_as_it_was_made_is_whole(data):
    links = _chain(data)
    assert tracing.broken(links) is None
    assert tracing.broken(links, links[-1].digest if links else None) is None


@given(st.lists(facts, min_size=1, max_size=6), st.data())
def test_a_changed_link_is_found_at_its_place(data, draw):
    links = _chain(data)
    at = draw.draw(st.integers(0, len(links) - 1))
    how = draw.draw(st.sampled_from(["data", "at", "what", "digest", "previous"]))
    value = {**links[at].data, "被改": 1} if how == "data" else "0" * 63 + "x"
    links[at] = replace(links[at], **{how: value})
    assert tracing.broken(links) == at + 1


@given(st.lists(facts, min_size=2, max_size=6), st.data())
def test_a_link_taken_out_or_cut_off_is_found(data, draw):
    links = _chain(data)
    at = draw.draw(st.integers(0, len(links) - 1))
    assert tracing.broken(links[:at] + links[at + 1 :], links[-1].digest) == at + 1


def test_a_chain_written_anew_from_its_beginning_is_found_by_the_digest_told_elsewhere():
    told = _chain([{"a": 1}, {"a": 2}])[-1].digest
    assert tracing.broken(_chain([{"a": 1}, {"a": 3}]), told) is not None
    assert tracing.broken([], told) is not None


# --- from clues to a task ---------------------------------------------------------------------------------------------------
@given(
    st.lists(st.tuples(st.integers(0, 20 * 24), st.integers(1, 6)), max_size=12), st.integers(1, 5), st.integers(1, 10)
)
def test_a_task_is_ripe_exactly_when_some_window_holds_enough_that_show_different_things(seen, clues, days):
    moments, shows = [NOW + timedelta(hours=h) for h, _picture in seen], [picture for _h, picture in seen]
    span = timedelta(days=days)
    found = ladder.ripe(moments, shows, clues, days)
    # the oracle tries every set of so many clues
    enough = any(
        len({shows[n] for n in some}) == clues and max(moments[n] for n in some) - min(moments[n] for n in some) < span
        for some in combinations(range(len(seen)), clues)
    )
    assert bool(found) == enough
    if found:
        inside = [moments[n] for n in found]
        assert len({shows[n] for n in found}) >= clues
        assert max(inside) - min(inside) < span
        assert inside == sorted(inside)


def test_three_clues_a_week_apart_make_nothing():
    assert ladder.ripe([NOW, NOW + timedelta(days=7), NOW + timedelta(days=14)], "abc", 3, 7) == []
    assert ladder.ripe([NOW, NOW + timedelta(days=3), NOW + timedelta(days=6)], "abc", 3, 7) == [0, 1, 2]


# --- the flow --------------------------------------------------------------------------------------------------------------
def test_every_end_is_final_except_what_was_dropped():
    for state in ENDED:
        assert LIFE.open_moves(state) == ([TaskMove.RESTORE] if state == TaskState.DROPPED else [])
    assert set(TaskState) == LIFE.states


def test_nothing_is_ordered_or_referred_that_was_not_reminded_before():
    """On every way from the beginning, a reminder comes before an order and an order before a referral."""
    reached = {(LIFE.start, False, False)}
    waiting = list(reached)
    while waiting:
        state, reminded, ordered = waiting.pop()
        for move in LIFE.open_moves(state):
            assert move != TaskMove.ORDER or reminded
            assert move != TaskMove.REFER or ordered
            after = (
                LIFE.after(move, state),
                reminded or move == TaskMove.REMIND,
                ordered or move == TaskMove.ORDER,
            )
            if after not in reached:
                reached.add(after)
                waiting.append(after)
    assert {state for state, reminded, _o in reached if not reminded} == {
        TaskState.WAITING, TaskState.ADDRESSED, TaskState.DROPPED,
    }  # fmt: skip
    assert not {state for state, reminded, _o in reached if not reminded} & SERVED


# --- the law ----------------------------------------------------------------------------------------------------------------
def test_figures_and_citations_are_those_of_the_dictionary():
    """Held against the field's own file where it lies on this machine, row by row."""
    try:
        with open(SHARED, encoding="utf-8") as file:
            theirs = yaml.safe_load(file)
    except FileNotFoundError:
        pytest.skip("the field's dictionary does not lie on this machine")
    ours = {one.id: one for one in book().offences}
    assert set(ours) == {row["id"] for row in theirs["offences"]}
    subjects = {"responsible_party": "responsible"}
    for row in theirs["offences"]:
        one = ours[row["id"]]
        assert (one.law, one.article, one.band) == (row["law"], row["article"], (row["min"], row["max"]))
        assert one.subject == subjects.get(row["subject"], row["subject"])
        assert (one.fine_if == law.FineIf.SERIOUS) == (row["fine_if"] == "情节严重")
    limits = {row["step"]: row for row in theirs["deadlines"]}
    assert book().limitation.days == limits["limitation"]["days"]
    days = {(one.article, one.days) for one in book().deadlines}
    assert days <= {(row["article"], row.get("days")) for row in theirs["deadlines"]}
    assert {row["article"] for row in theirs["hard_rules"]} <= {one.article for one in book().words}


def test_every_step_shows_articles_and_every_article_is_cited_with_its_law():
    for step in (*ladder.StepKind, "confirm", "statement", "haul"):
        shown = book().shown_at(str(step))
        assert shown
        assert all(one.words and one.citation.startswith("《") for one in shown)


def test_a_file_that_names_an_unknown_law_or_a_band_that_cannot_be_is_refused_with_the_row():
    from importlib.resources import files

    data = yaml.safe_load(files("linqi.waste").joinpath("data/law.yaml").read_text(encoding="utf-8"))
    data["offences"][0]["law"] = "XX"
    with pytest.raises(law.LawRefused, match="XX"):
        law.read(data)
    data["offences"][0].update(law="HZ", min=9, max=3)
    with pytest.raises(law.LawRefused, match="HZ65u"):
        law.read(data)


def test_offences_fit_the_kind_of_subject_and_what_was_seen_and_never_a_person():
    units = book().fitting(Subject.UNIT, ["mixed"])
    assert {one.id for one in units} >= {"HZ65u", "ZJ45u", "CN111s"}
    assert units[0].id == "HZ65u", "the mildest stands first; nobody has chosen"
    assert {one.id for one in book().fitting(Subject.RESPONSIBLE, ["overflow"])} == {"HZ66", "HZ66s", "ZJ46", "ZJ46s"}
    assert book().fitting(Subject.INDIVIDUAL, ["mixed", "illegal"]) == ()
    assert book().fitting(Subject.UNIT, ["tamper"]) == ()


def test_a_band_is_words_and_no_function_gives_an_amount():
    said = law.band_in_words(book().offence("HZ65u"))
    assert "500 元以上5000 元以下" in said
    assert "裁量" in said
    assert law.band_in_words(book().offence("HZ65")).count("元") == 1, "a band from nothing has one end"
    for name in dir(law):
        assert not any(word in name.lower() for word in ("amount", "fine_of", "penalty_of", "compute")), name


def _checks(**said):
    given_ = {
        "offence": book().offence("HZ65u"), "named": book().offence("HZ65u"), "heard": False, "fresh": False,
        "acts": [NOW - timedelta(days=3)], "recordings": [], "officers": OFFICERS, "whole": True, "corrected": False,
        "now": NOW,
    }  # fmt: skip
    return {one.article: one for one in law.before_referral(book(), **{**given_, **said})}


def test_what_is_in_order_stops_nothing():
    found = _checks()
    assert set(found) == {33, 36, 41, 42, 45, 47, 51}
    assert not [one for one in found.values() if one.refuses]


def test_article_33_what_was_corrected_is_not_handed_over():
    assert _checks(corrected=True)[33].refuses
    assert law.ends_without_penalty(earlier=0, minor=True)
    assert not law.ends_without_penalty(earlier=1, minor=True)
    assert not law.ends_without_penalty(earlier=0, minor=False)


@given(st.integers(0, 2000))
def test_article_36_after_two_years_nothing_is_handed_over(days):
    assert _checks(acts=[NOW - timedelta(days=days)])[36].refuses == (days > 730)


@given(st.none() | st.integers(-5, 5), st.none() | st.integers(-5, 5))
def test_article_41_a_recording_is_evidence_only_when_reviewed_and_published_by_then(reviewed, published):
    day = date(2026, 3, 2)
    dates = [None if n is None else day + timedelta(days=n) for n in (reviewed, published)]
    held = all(n is not None and n <= 0 for n in (reviewed, published))
    assert law.is_evidence(Recording(NOW, *dates)) == held
    check = _checks(recordings=[Recording(NOW, *dates)])[41]
    assert check.holds == held
    assert not check.refuses, "it may go along as a lead"
    assert check.found == (Finding.REVIEWED if held else Finding.ONLY_LEADS)


@pytest.mark.parametrize(
    ("officers", "found"),
    [
        ([], Finding.TOO_FEW),
        (OFFICERS[:1], Finding.TOO_FEW),
        ([OFFICERS[0], Officer("李四", "")], Finding.NO_CERTIFICATE),
        ([OFFICERS[0], Officer(" ", "330110002")], Finding.NO_CERTIFICATE),
        ([OFFICERS[0], Officer("李四", " 330110001 ")], Finding.SAME_CERTIFICATE),
    ],
)
def test_article_42_two_different_officers_with_certificates(officers, found):
    check = _checks(officers=officers)[42]
    assert check.refuses
    assert check.found == found


def test_article_45_a_defence_makes_nothing_harder_unless_something_new_was_found():
    heavier = book().offence("ZJ45u")
    assert _checks(offence=heavier, heard=True)[45].refuses
    assert not _checks(offence=heavier, heard=True, fresh=True)[45].refuses
    assert not _checks(offence=heavier)[45].refuses
    assert not _checks(heard=True)[45].refuses, "the same offence as before is not harder"


def test_article_47_a_broken_record_stops_a_referral():
    assert _checks(whole=False)[47].refuses


def test_article_51_says_whether_the_band_lies_within_what_may_be_fined_on_the_spot_and_decides_nothing():
    assert _checks()[51].found == Finding.BEYOND_SPOT
    assert _checks()[51].holds is None
