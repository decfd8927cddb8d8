"""What a text is about: proposed with a confidence that means something, or not at all."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from linqi.cases.likeness import Pool, Text
from linqi.cases.reading import CannotLearn, Reader, calibration_error, coverage_at, judged, read_unseen, train
from linqi.cases.rules import WINDOW_FROM, likeliest_window

SAID = {
    "停车": ["地库车位不够", "外来车辆占了我们的车位", "早高峰园区门口堵车", "想申请两个月租车位", "货车没有地方停"],
    "招聘": ["招不到前端工程师", "想参加校园招聘会", "需要十名普工", "能不能帮忙发布招聘信息", "实习生不好招"],
    "欠款": ["工程款拖了半年不付", "对方公司欠我们货款", "尾款一直要不回来", "拖欠账款二十万", "货款到期没有付"],
}
TEXTS = [text for texts in SAID.values() for text in texts]
LABELS = [label for label, texts in SAID.items() for _ in texts]


@pytest.fixture(scope="module")
def reader():
    return train(TEXTS, LABELS)


def test_what_it_has_learnt_comes_first_and_says_why(reader):
    found = reader.propose("车位又被占了，停车难")
    assert found.ranked[0][0] == "停车"
    assert any(piece in "车位又被占了停车难" for piece in found.reasons)
    assert abs(sum(sure for _label, sure in found.ranked) - 1) < 1e-9


@pytest.mark.parametrize("text", ["", "   ", "☂☃", "\x00\x07", "zzzz"])
def test_it_abstains_where_it_knows_nothing(reader, text):
    found = reader.propose(text)
    assert (found.label, found.confidence) == (None, 0.0)


def test_kept_and_read_again_it_says_the_same(reader, tmp_path):
    reader.save(tmp_path / "reader.npz")
    again = Reader.load(tmp_path / "reader.npz")
    assert again.version == reader.version
    assert again.propose("欠款不还") == reader.propose("欠款不还")


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "other.npz").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="not a reader"):
        Reader.load(tmp_path / "other.npz")


@pytest.mark.parametrize(("texts", "labels"), [([], []), (["一"], ["甲"]), (["一", ""], ["甲", "乙"])])
def test_too_little_to_learn_from_is_said(texts, labels):
    with pytest.raises(CannotLearn):
        train(texts, labels)


def test_one_text_of_each_label_is_enough_to_begin_with():
    assert train(["车位不够", "招聘普工"], ["停车", "招聘"]).propose("车位").label is None


def test_a_word_that_is_known_to_speak_for_a_label_is_learnt_along():
    assert train(TEXTS, LABELS).propose("道闸").reasons == ()
    found = train(TEXTS, LABELS, {"停车": ["泊位", "道闸"], "没有这一类": ["泊位"]}).propose("泊位和道闸")
    assert found.ranked[0][0] == "停车"
    assert {label for label, _sure in found.ranked} == set(SAID)


def test_the_body_is_read_even_where_only_single_lines_were_learnt(reader):
    assert reader.propose("有件事想请你们帮忙\n工程款拖了半年，货款也不付").ranked[0][0] == "欠款"


def test_each_text_is_read_by_a_reader_that_has_not_seen_it():
    found = read_unseen([*TEXTS, "☂☃"], [*LABELS, "停车"])
    assert len(found) == len(TEXTS) + 1
    assert found[-1].reasons == ()
    assert 0 <= judged([*LABELS, "停车"], found).accuracy <= 1


def test_a_confidence_that_is_always_right_has_no_error():
    sure = np.array([1.0, 1.0, 0.0])
    assert calibration_error(sure, np.array([True, True, False])) == 0
    assert calibration_error(sure, np.array([False, False, True])) == 1


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=30))
def test_coverage_is_that_of_the_naive_search(rows):
    sure, right = np.array([one / 10 for one, _ in rows]), np.array([hit for _, hit in rows])
    share, _from = coverage_at(sure, right)
    best = 0.0
    for edge in set(sure):
        answered = sure >= edge
        if right[answered].mean() >= 0.95:
            best = max(best, answered.mean())
    assert share == pytest.approx(best)


# --- what is alike ----------------------------------------------------------------------------------------------------
POOL = [
    Text("1", "一号楼电梯停运", "三天没有修好", place="一号楼"),
    Text("2", "食堂太贵", "希望调整价格"),
    Text("3", "电梯坏了没人修", "每天爬楼", place="二号楼", enterprise="甲"),
    Text("4", "", ""),
]


def test_the_most_alike_come_first_and_never_itself():
    pool = Pool(POOL)
    found = pool.nearest(Text("9", "电梯停运没有修好", "", place="一号楼"), 4)
    assert found[0].id == "1"
    assert found[0].why == ("same_place",)
    assert {one.id for one in pool.nearest(POOL[0], 9)} == {"2", "3", "4"}


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.text("电梯停修食堂", max_size=6), st.text("电梯停修食堂", max_size=6)), max_size=12),
    st.integers(0, 5),
)
def test_any_pool_answers_in_order_with_as_many_as_there_are(rows, count):
    texts = [Text(str(at), title, body) for at, (title, body) in enumerate(rows)]
    pool = Pool(texts)
    for text in texts:
        found = pool.nearest(text, count)
        assert len(found) == min(count, len(texts) - 1)
        assert text.id not in {one.id for one in found}
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


# --- the command ------------------------------------------------------------------------------------------------------
@pytest.fixture
def files(tmp_path):
    """A labelled file and a pool."""
    with (tmp_path / "said.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text", "label"], *zip(TEXTS, LABELS, strict=True)])
    with (tmp_path / "pool.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([["编号", "标题", "内容"], *((one.id, one.title, one.body) for one in POOL)])
    return tmp_path


def test_train_evaluate_and_similar_from_files(files, capsys):
    said, pool = str(files / "said.csv"), str(files / "pool.csv")
    call_command("cases", "train", said, "--out", str(files / "r.npz"), "--json")
    assert json.loads(capsys.readouterr().out)["rows"] == 15
    assert Reader.load(files / "r.npz").labels == tuple(sorted(SAID))
    call_command("cases", "evaluate", said, said, "--text", "text", "--label", "label", "--json")
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"accuracy", "macro_f1", "calibration_error", "coverage_at_95", "labels"}
    assert told["accuracy"] == 1
    call_command("cases", "similar", "--pool", pool, "--queries", pool, "-k", "2", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["1"][0]["id"] == "3"
    assert all(len(likes) == 2 for likes in found.values())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,title,body\n1,a\n", "row 2"),
        ("id,title,body\n1,a,b\n1,c,d\n", "id 1 stands in row 2"),
        ("number,name\n1,a\n", "no column “id”"),
        ("id,title,body\n", "no rows"),
    ],
)
def test_a_file_that_cannot_be_used_says_which_row_or_column(tmp_path, content, told):
    file = tmp_path / "bad.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match=told):
        call_command("cases", "similar", "--pool", str(file), "--queries", str(file))


# --- on real messages -------------------------------------------------------------------------------------------------
@pytest.mark.realdata
def test_on_real_messages_the_same_issue_stands_first(hotline):
    with (hotline / "messages.csv").open(encoding="utf-8") as file:
        texts = [Text(row["id"], row["title"], row["body"]) for row in csv.DictReader(file)]
    same: dict[str, set[str]] = {}
    with (hotline / "same_issue_pairs.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            same.setdefault(row["id_a"], set()).add(row["id_b"])
            same.setdefault(row["id_b"], set()).add(row["id_a"])
    asked = [text for text in texts if text.id in same]
    found = Pool(texts).nearest_all(asked, 1)
    hits = sum(likes[0].id in same[text.id] for text, likes in zip(asked, found, strict=True))
    assert hits / len(asked) >= 0.95  # plain TF-IDF of title and body together: 0.887 (engines.md)


@pytest.fixture
def hotline():
    import os

    root = Path(os.environ.get("LINQI_DATA", Path(__file__).parents[4] / "shared" / "data")) / "hotline"
    if not root.exists():
        pytest.skip("LINQI_DATA has no hotline messages")
    return root


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.lists(st.sampled_from("ABC"), min_size=8, max_size=8))
def test_a_window_is_named_when_most_of_the_confidence_goes_to_it(weights, windows):
    total = sum(weights) or 1
    ranked = [(str(at), weight / total) for at, weight in enumerate(weights)]
    window_of = {str(at): window for at, window in enumerate(windows) if at != 3}  # one category is not offered
    found = likeliest_window(ranked, window_of)
    sums = {w: sum(sure for label, sure in ranked if window_of.get(label) == w) for w in "ABC"}
    if found is None:
        assert max(sums.values()) < WINDOW_FROM + 1e-9
    else:
        assert found[1] >= WINDOW_FROM
        assert found[1] == pytest.approx(sums[found[0]])
        assert found[1] >= max(sums.values()) - 1e-9
