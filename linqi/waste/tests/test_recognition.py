"""Folds, temperature, gate, head, measures and verdicts: held against oracles written another way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.waste.kinds import Doubt, Stream
from linqi.waste.recognition import folds, gate, head, measuring, streams, verdict
from linqi.waste.recognition.calibration import calibration_error, fitted_temperature, shares

NAMES = st.lists(
    st.tuples(st.sampled_from(["glass", "paper"]), st.integers(1, 400)), min_size=1, max_size=120, unique=True
)


# --- folds ----------------------------------------------------------------------------------------------------------
@given(NAMES, st.integers(2, 6), st.integers(0, 5))
def test_a_run_of_neighbouring_numbers_lies_in_one_fold(drawn, count, seed):
    classes, names = [one for one, _ in drawn], [f"{one}{number}.jpg" for one, number in drawn]
    dealt = folds.folds_of(classes, names, count, seed)
    assert set(dealt.tolist()) <= set(range(count))
    home = {}
    for (klass, number), fold in zip(drawn, dealt.tolist(), strict=True):
        assert home.setdefault((klass, number // folds.RUN), fold) == fold


@given(NAMES, st.integers(0, 3))
def test_the_order_of_the_files_changes_no_fold(drawn, seed):
    classes, names = [one for one, _ in drawn], [f"{one}{number}.jpg" for one, number in drawn]
    there = dict(zip(names, folds.folds_of(classes, names, 5, seed).tolist(), strict=True))
    back = dict(zip(names[::-1], folds.folds_of(classes[::-1], names[::-1], 5, seed).tolist(), strict=True))
    assert there == back


def test_folds_get_a_like_share_of_every_class():
    classes = ["glass"] * 400 + ["trash"] * 120
    names = [f"glass{n}.jpg" for n in range(400)] + [f"trash{n}.jpg" for n in range(120)]
    dealt = folds.folds_of(classes, names)
    for klass, most in (("glass", 80), ("trash", 40)):
        held = np.bincount(dealt[[one == klass for one in classes]], minlength=5)
        assert held.min() > 0
        assert held.max() <= most


def test_the_edges_of_the_runs_are_named():
    names = [f"a{n}.jpg" for n in range(60)]
    dealt = np.array([0] * 20 + [1] * 20 + [1] * 20)
    assert np.flatnonzero(folds.neighbours_apart(["a"] * 60, names, dealt)).tolist() == [18, 19, 20, 21]


@pytest.mark.parametrize(
    ("name", "number"), [("glass12.jpg", 12), ("a/007.png", 7), ("leaf.jpg", None), ("2024-15.jpg", 15)]
)
def test_the_number_is_the_last_one_of_the_name(name, number):
    assert folds.number_of(name) == number


# --- calibration ----------------------------------------------------------------------------------------------------
@given(st.lists(st.lists(st.floats(-8, 8), min_size=3, max_size=3), min_size=1, max_size=20), st.floats(0.1, 10))
def test_shares_add_to_one_and_keep_the_order(scores, temperature):
    told = shares(scores, temperature)
    np.testing.assert_allclose(told.sum(axis=1), 1)
    for row, said in zip(np.asarray(scores), told, strict=True):
        assert said[int(np.argmax(row))] == said.max()


@pytest.mark.parametrize("true", [0.3, 1.0, 4.0])
def test_the_temperature_that_made_the_answers_is_found_again(true):
    deal = np.random.default_rng(5)
    scores = deal.normal(0, 3, (8000, 4))
    answers = np.array([deal.choice(4, p=one) for one in shares(scores, true)])
    assert fitted_temperature(scores, answers) == pytest.approx(true, rel=0.1)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_the_calibration_error_is_what_counting_bin_by_bin_says(drawn):
    sure, right = [one for one, _ in drawn], [hit for _, hit in drawn]
    bins = {}
    for confidence, hit in drawn:
        bins.setdefault(min(int(confidence * 15), 14), []).append((confidence, hit))
    want = sum(abs(sum(h for _, h in held) - sum(c for c, _ in held)) for held in bins.values()) / len(drawn)
    assert calibration_error(sure, right) == pytest.approx(want, abs=1e-9)


def test_nothing_asked_is_unknown_not_zero():
    assert calibration_error([], []) is None
    told = measuring.measured([], [], [], ["a"])
    assert (told.asked, told.accuracy, told.macro_f1, told.refused) == (0, None, None, None)


# --- gate -----------------------------------------------------------------------------------------------------------
@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(1, 20))
def test_familiarity_is_the_mean_cosine_to_the_five_nearest(seed, asked, known):
    deal = np.random.default_rng(seed)
    rows, bank = deal.normal(size=(asked, 6)), deal.normal(size=(known, 6))
    for row, told in zip(rows, gate.familiarity(rows, bank), strict=True):
        cosines = sorted((float(row @ one / np.linalg.norm(row) / np.linalg.norm(one)) for one in bank), reverse=True)
        assert told == pytest.approx(np.mean(cosines[:5]), abs=1e-5)


def test_a_picture_is_not_held_against_those_it_is_barred_from():
    deal = np.random.default_rng(3)
    bank, group = deal.normal(size=(9, 6)), np.array([0, 0, 0, 0, 0, 0, 1, 1, 2])
    told = gate.familiarity(bank, bank, barred=group[:, None] == group)
    for place in range(9):  # the first six have three others left, fewer than five
        assert told[place] == pytest.approx(gate.familiarity(bank[[place]], bank[group != group[place]])[0], abs=1e-6)


@given(st.lists(st.floats(-1, 1), min_size=20, max_size=200))
def test_the_threshold_loses_at_most_what_was_allowed(home):
    at = gate.threshold_at(home)
    assert sum(one < at for one in home) <= 0.05 * len(home) + 1e-9


def test_a_gate_without_anything_learnt_says_so():
    with pytest.raises(ValueError, match="nothing was learnt"):
        gate.familiarity([[1.0, 0.0]], np.empty((0, 2)))


# --- head -----------------------------------------------------------------------------------------------------------
def clouds(deal, count=60, classes=3, size=8):
    middle = deal.normal(0, 1, (classes, size)) * 2
    answers = np.arange(count) % classes
    return middle[answers] + deal.normal(size=(count, size)), answers


def test_what_a_group_would_have_been_told_is_what_a_head_without_it_says():
    deal = np.random.default_rng(1)
    rows, answers = clouds(deal)
    groups = np.arange(60) // 6
    told = head.taught(rows, answers.tolist(), ["a", "b", "c"], groups)
    unit = gate.directions(rows).astype(float)
    kernel = np.exp(-told.sharpness * (1 - unit @ unit.T))
    wanted = np.eye(3)[answers]
    centre = wanted.mean(axis=0)
    for one in range(10):  # the long way: solve again without the group
        rest, mine = groups != one, groups == one
        dual = np.linalg.solve(kernel[np.ix_(rest, rest)] + told.calm * np.eye(rest.sum()), wanted[rest] - centre)
        np.testing.assert_allclose(told.held_out[mine], kernel[np.ix_(mine, rest)] @ dual + centre, atol=1e-4)


def test_a_head_learns_what_can_be_told_apart_and_is_not_surer_than_right():
    deal = np.random.default_rng(2)
    rows, answers = clouds(deal, 600)
    asked, right = rows[300:], answers[300:]
    told = head.taught(rows[:300], answers[:300].tolist(), ["a", "b", "c"], np.arange(300))
    said = told.head.shares(asked)
    assert (said.argmax(axis=1) == right).mean() > 0.9
    assert calibration_error(said.max(axis=1), said.argmax(axis=1) == right) < 0.1


def test_labels_that_weigh_more_win_where_they_contradict():
    rows = np.array([[1.0, 0.0]] * 10 + [[1.0, 0.0]] * 5 + [[0.0, 1.0]] * 10)
    answers = [0] * 10 + [1] * 5 + [1] * 10
    weight = np.array([1.0] * 10 + [20.0] * 5 + [1.0] * 10)
    even = head.taught(rows, answers, ["a", "b"], np.arange(25)).head
    heavy = head.taught(rows, answers, ["a", "b"], np.arange(25), weight).head
    assert even.shares([[1.0, 0.0]])[0].argmax() == 0
    assert heavy.shares([[1.0, 0.0]])[0].argmax() == 1


@pytest.mark.parametrize(("answers", "groups"), [([0, 0, 0], [1, 2, 3]), ([0, 1, 0], [1, 1, 1])])
def test_one_class_or_one_group_is_too_little_to_learn_from(answers, groups):
    with pytest.raises(head.CannotTeach):
        head.taught(np.eye(3), answers, ["a", "b"], groups)


# --- measures -------------------------------------------------------------------------------------------------------
TRIAL = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)


@given(TRIAL)
def test_accuracy_and_macro_f1_are_those_of_scikit_learn(drawn):
    from sklearn.metrics import accuracy_score, f1_score

    sure, said, right = (list(one) for one in zip(*drawn, strict=True))
    told = measuring.measured(sure, said, right, ["a", "b", "c"])
    assert told.accuracy == pytest.approx(accuracy_score(right, said))
    assert told.macro_f1 == pytest.approx(f1_score(right, said, average="macro", labels=sorted({*right, *said})))


@given(TRIAL, st.sampled_from([0.5, 0.9, 1.0]))
def test_no_larger_coverage_would_have_been_as_precise(drawn, precision):
    sure, right = [one[0] for one in drawn], [one[1] == one[2] for one in drawn]
    share, since = measuring.coverage_at(sure, right, precision)
    best = 0.0
    for level in set(sure):
        held = [hit for confidence, hit in zip(sure, right, strict=True) if confidence >= level]
        if sum(held) / len(held) >= precision:
            best = max(best, len(held) / len(sure))
    assert share == pytest.approx(best)
    if share:
        assert sum(one >= since for one in sure) / len(sure) == pytest.approx(share)


def test_a_class_never_asked_and_never_said_is_left_out_of_the_mean():
    told = measuring.measured([0.9, 0.8], [0, 1], [0, 1], ["a", "b", "hazardous"])
    assert told.macro_f1 == 1.0
    assert told.per_class["hazardous"]["f1"] is None


# --- streams and verdicts -------------------------------------------------------------------------------------------
def test_the_shipped_table_knows_the_four_streams_and_every_class_of_the_recogniser():
    from importlib.resources import files

    table = streams.read_streams(files("linqi.waste").joinpath("data/streams.yaml").read_text(encoding="utf-8"))
    assert set(table.values()) == set(Stream)
    assert {"cardboard", "glass", "metal", "paper", "plastic", "trash"} <= set(table)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("recyclable: glass", "wants a list"),
        ("green: [glass]", "none of"),
        ("- glass", "a table"),
        ("perishable: [a]\nresidual: [a]", "keep one"),
        ("perishable: [", "no YAML"),
    ],
)
def test_a_table_of_streams_that_cannot_be_used_says_what_to_mend(text, says):
    with pytest.raises(streams.StreamsWrong, match=says):
        streams.read_streams(text)


def judge(sure_from=0.8, threshold=0.5):
    one = head.Head(("glass", "battery"), np.eye(2, dtype=np.float32) * 6, np.zeros(2, np.float32), 1.0)
    known = gate.Gate(np.eye(2, dtype=np.float32), threshold)
    return verdict.Judge(one, known, {"glass": Stream.RECYCLABLE}, sure_from)


def test_a_sure_and_familiar_picture_gets_its_stream():
    told = judge(threshold=0.4).verdicts([[1.0, 0.0]])[0]
    assert (told.klass, told.stream, told.doubt) == ("glass", Stream.RECYCLABLE, Doubt.SURE)
    assert told.confidence == pytest.approx(1 / (1 + np.exp(-6)))


@pytest.mark.parametrize(
    ("features", "sure_from", "threshold", "why"),
    [
        pytest.param([1.0, 0.0], 0.8, 0.6, Doubt.UNKNOWN, id="sure, but like nothing that was learnt"),
        pytest.param([0.6, 0.5], 0.8, 0.4, Doubt.UNSURE, id="two classes as likely"),
        pytest.param([0.0, 1.0], 0.8, 0.4, Doubt.UNSURE, id="a class without a stream"),
    ],
)
def test_nothing_is_said_when_there_is_a_reason(features, sure_from, threshold, why):
    told = judge(sure_from, threshold).verdicts([features])[0]
    assert (told.stream, told.doubt) == (None, why)
    assert told.confidence is not None


def test_a_network_that_gives_no_numbers_says_nothing():
    broken, whole = judge(threshold=0.4).verdicts([[np.nan, 1.0], [1.0, 0.0]])
    assert broken == verdict.UNREADABLE
    assert whole.doubt == Doubt.SURE
