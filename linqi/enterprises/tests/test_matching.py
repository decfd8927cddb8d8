"""Names taken apart, and records judged: no database, each case has a name that is a sentence."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.enterprises.rules.matching import Record, branches, proposals
from linqi.enterprises.rules.names import name_key, split_branch, split_name
from linqi.kit.identifiers import make_uscc

FOUNDED = date(2018, 6, 1)


def code(number):
    return make_uscc("9", "1", "330110", f"MA{number:06}")


FIRM = Record(
    1, "杭州晴川智能科技有限公司", code(1), address="余杭区良睦路1号3幢", established_on=FOUNDED, capital=Decimal(500)
)


def others():
    """A small street of firms that have nothing to do with it."""
    names = [
        "杭州远山贸易有限公司",
        "杭州鼎盛建筑工程有限公司",
        "余杭区和记面馆",
        "浙江弘毅投资管理有限公司",
        "杭州青禾餐饮管理有限公司",
    ]
    return [Record(100 + at, name, code(100 + at)) for at, name in enumerate(names)]


def asked(*records):
    return [(one.left, one.right, one.kind) for one in proposals([*records, *others()])]


@pytest.mark.parametrize(
    ("name", "place", "trade_name", "trade", "form"),
    [
        ("杭州晴川智能科技有限公司", "杭州", "晴川", "智能科技", "有限公司"),
        ("晴川（杭州）网络科技有限公司", "杭州", "晴川", "网络科技", "有限公司"),
        ("杭州远航投资合伙企业(有限合伙)", "杭州", "远航", "投资", "合伙企业"),
        ("浙江美格机械股份有限公司", "浙江", "美格", "机械", "股份有限公司"),
    ],
)
def test_a_name_is_taken_apart(name, place, trade_name, trade, form):
    parts = split_name(name)
    assert (parts.place, parts.trade_name, parts.trade, parts.form) == (place, trade_name, trade, form)


@pytest.mark.parametrize(
    ("name", "parent", "tail"),
    [
        ("杭州银行股份有限公司秋涛支行", "杭州银行股份有限公司", "秋涛支行"),
        ("上海云农投资管理有限公司杭州分公司", "上海云农投资管理有限公司", "杭州分公司"),
        ("杭州临记老厨餐饮有限公司清泰店", "杭州临记老厨餐饮有限公司", "清泰店"),
        ("杭州晴川智能科技有限公司", "", ""),
        ("余杭区和记面馆", "", ""),
    ],
)
def test_a_branch_is_known_by_what_follows_the_parents_name(name, parent, tail):
    assert split_branch(name_key(name)) == (parent, tail)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(replace(FIRM, id=2, uscc=""), id="the code was lost"),
        pytest.param(replace(FIRM, id=2, uscc=FIRM.uscc[:-2] + "00"), id="the code was damaged"),
        pytest.param(replace(FIRM, id=2, uscc="", name="杭州晴川智能科技 有限责任公司"), id="form written otherwise"),
        pytest.param(replace(FIRM, id=2, uscc="", name="晴川智能科技有限公司"), id="place left out"),
        pytest.param(replace(FIRM, id=2, uscc="", capital=None, address=""), id="little is known"),
    ],
)
def test_a_second_record_of_one_enterprise_is_asked_about(second):
    assert asked(FIRM, second) == [(1, 2, "duplicate")]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(replace(FIRM, id=2, uscc=code(2), name="杭州晴川网络科技有限公司"), id="two valid codes"),
        pytest.param(
            Record(2, "杭州晴川餐饮管理有限公司", established_on=date(2023, 1, 1), capital=Decimal(10)),
            id="another trade",
        ),
        pytest.param(
            Record(2, "宁波晴川智能科技有限公司", address="江北区1号", established_on=date(2011, 3, 4)), id="elsewhere"
        ),
    ],
)
def test_two_enterprises_are_not_asked_about(second):
    assert asked(FIRM, second) == []


def test_a_branch_and_its_parent_are_relatives_not_duplicates():
    branch = Record(2, "杭州晴川智能科技有限公司宁波分公司", code(2), established_on=date(2020, 1, 1))
    assert asked(FIRM, branch) == [(1, 2, "branch")]


def test_branches_of_one_parent_are_not_asked_about():
    one = Record(2, "杭州晴川智能科技有限公司宁波分公司", established_on=FOUNDED)
    other = Record(3, "杭州晴川智能科技有限公司温州分公司", established_on=FOUNDED)
    assert asked(one, other) == []


def test_every_proposal_says_why():
    found = proposals([FIRM, replace(FIRM, id=2, uscc=""), *others()])[0]
    words = [reason.words for reason in found.reasons]
    assert any(word.startswith("字号相同（晴川") for word in words)
    assert "成立日期相同" in words


@given(st.permutations([FIRM, replace(FIRM, id=2, uscc=""), replace(FIRM, id=3, uscc="", address=""), *others()]))
def test_the_order_of_the_records_does_not_matter(records):
    found = proposals(records)
    assert found == proposals(sorted(records, key=lambda one: one.id))
    assert all(one.left < one.right and 0 <= one.probability <= 1 for one in found)


@given(st.text(max_size=30))
def test_any_text_can_be_a_name(text):
    record = Record(1, text)
    assert name_key(name_key(text)) == name_key(text)
    assert list(branches([record])) == []
    assert proposals([record, Record(2, text)]) is not None
