"""What cells mean, what an enterprise does, and what becomes of a row: pure, so tried without a database."""

import csv
import os
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.enterprises.rules.importing import judge
from linqi.enterprises.rules.rows import (
    Capital,
    read_address,
    read_capital,
    read_status,
    read_truth,
    read_type,
    type_of_name,
)
from linqi.enterprises.rules.trades import group_of

DAY = date(2026, 3, 2)
REAL = Path(os.environ.get("LINQI_DATA", "../shared/data")) / "registry" / "hangzhou.csv"
real = pytest.mark.skipif(not REAL.exists(), reason="the real registry is absent (LINQI_DATA)")


@pytest.mark.parametrize(
    ("written", "unit", "amount", "currency"),
    [
        ("1000万人民币元", "", 10_000_000, "CNY"),
        ("50(万元人民币)", "", 500_000, "CNY"),
        ("4,200(万)", "", 42_000_000, "CNY"),
        ("100万美元", "", 1_000_000, "USD"),
        ("200.5万港元", "", 2_005_000, "HKD"),
        ("３００万元", "", 3_000_000, "CNY"),
        ("1.2亿元", "", 120_000_000, "CNY"),
        ("壹佰万元整", "", 1_000_000, "CNY"),
        ("人民币伍拾万元整", "", 500_000, "CNY"),
        ("1000", "万元", 10_000_000, "CNY"),
        ("300", "万美元", 3_000_000, "USD"),
        ("5000000", "", 5_000_000, "CNY"),
        ("800元", "", 800, "CNY"),
        ("RMB 50万", "", 500_000, "CNY"),
        (" 1 000 万元 ", "", 10_000_000, "CNY"),
    ],
)
def test_capital_is_read_in_each_of_its_formats(written, unit, amount, currency):
    assert read_capital(written, unit) == Capital(Decimal(amount), currency)


@pytest.mark.parametrize("written", ["", "0", "0万元", "无", "500", "不详", "—", "万元", "零元", "面议"])
def test_capital_that_nobody_can_tell_is_unknown(written):
    assert read_capital(written) is None


@given(st.text(max_size=40), st.sampled_from(["", "万元", "元", "万美元"]))
def test_reading_capital_never_raises_and_is_never_nothing(text, unit):
    read = read_capital(text, unit)
    assert read is None or (read.amount > 0 and len(read.currency) == 3)


@given(st.integers(1, 10**6), st.sampled_from(["万元", "万人民币", "(万元人民币)", "万"]))
def test_ten_thousands_are_read_back_whatever_their_dress(number, dress):
    assert read_capital(f"{number}{dress}") == Capital(Decimal(number * 10_000), "CNY")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("有限责任公司(自然人独资)", "company"),
        ("有限责任公司分公司", "branch"),
        ("个体工商户", "self_employed"),
        ("普通合伙企业", "partnership"),
        ("个人独资企业", "sole_proprietor_enterprise"),
        ("农民专业合作社", "co_op"),
        ("外国企业常驻代表机构", "foreign_rep"),
        ("看不懂", ""),
        ("", ""),
    ],
)
def test_the_kind_of_entity_is_read_or_left_unknown(text, kind):
    assert read_type(text) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("杭州某某科技有限公司", "company"),
        ("杭州某某科技有限公司余杭分公司", "branch"),
        ("杭州某某投资合伙企业（有限合伙）", "partnership"),
        ("某某便利店", ""),
        ("", ""),
    ],
)
def test_a_name_alone_settles_only_what_the_law_ties_to_it(name, kind):
    assert type_of_name(name) == kind


@pytest.mark.parametrize(
    ("text", "status"),
    [("存续", "active"), ("在业", "active"), ("开业", "active"), ("注销", "deregistered"), ("注销中", "deregistering"),
     ("吊销，未注销", "revoked"), ("吊销，已注销", "deregistered"), ("吊销", "revoked"), ("迁出", "moved_out"), ("", ""), ("？", "")],
)  # fmt: skip
def test_the_status_is_read_or_left_unknown(text, status):
    assert read_status(text) == status


@pytest.mark.parametrize(
    ("text", "truth"), [("是", True), ("TRUE", True), ("否", False), ("false", False), ("", None), ("也许", None)]
)
def test_a_truth_that_is_neither_is_unknown_not_false(text, truth):
    assert read_truth(text) is truth


def test_an_address_is_taken_apart():
    read = read_address("浙江省杭州市余杭区仓前街道文一西路1500号6幢4楼408室")
    assert (read.province, read.city, read.district, read.street) == ("浙江省", "杭州市", "余杭区", "仓前街道")
    assert (read.road, read.number, read.building, read.floor, read.room) == ("文一西路", "1500号", "6幢", "4", "408")


def test_full_width_letters_and_spaces_do_not_hide_an_address():
    read = read_address("余杭区　五常街道 文一西路９９８号 １８幢 ３０１室")
    assert (read.street, read.number, read.building, read.room) == ("五常街道", "998号", "18幢", "301")


def test_what_an_address_does_not_name_is_empty():
    read = read_address("余杭区")
    assert not any((read.street, read.road, read.number, read.building, read.floor, read.room))


@given(st.text(max_size=80))
def test_reading_an_address_never_raises_and_invents_nothing(text):
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    read = read_address(text)
    assert all(part in plain for part in (read.street, read.road, read.number, read.building, read.room))


@pytest.mark.parametrize(
    ("trade", "scope", "group"),
    [
        ("软件", "", "651"),
        ("广告", "设计、制作国内广告", "725"),
        ("餐饮管理", "餐饮服务", "621"),
        ("", "服务：快递", ""),
        ("", "", ""),
        ("软件广告", "", ""),
        ("科技", "技术开发", ""),
    ],
)
def test_the_industry_is_told_only_where_name_and_scope_leave_no_doubt(trade, scope, group):
    assert group_of(trade, scope) == group


# --- what becomes of a row -------------------------------------------------------------------------------------------
CODE, OTHER = "91330110MA0000001X", "91330110MA0000002X"
STANDS = {
    "name": "甲公司", "entity_type": "company", "registration_status": "active", "established_on": date(2020, 1, 1),
    "registered_capital": Decimal("500000.00"), "capital_currency": "CNY", "registered_address": "甲路1号",
    "registration_region": "330110", "business_scope": "软件", "industry_code": "I6510", "industry_source": "given",
    "old_number": "", "uscc": CODE, "as_of": DAY, "source": "测试",
}  # fmt: skip
VALUES = {
    "name": st.sampled_from(["甲公司", "乙公司"]),
    "established_on": st.sampled_from([date(2020, 1, 1), date(2021, 1, 1)]),
    "registered_capital": st.sampled_from([Decimal("500000.00"), Decimal(1)]),
    "registered_address": st.sampled_from(["甲路1号", "乙路2号"]),
    "business_scope": st.sampled_from(["软件", "餐饮"]),
}
SAYS = st.fixed_dictionaries(
    {"name": VALUES["name"]}, optional={key: one for key, one in VALUES.items() if key != "name"}
)


def test_what_nobody_has_entered_is_new():
    assert judge({"name": "甲公司"}, None, DAY, CODE).outcome == "created"


@given(SAYS)
def test_only_what_a_row_says_can_change_and_nothing_is_erased(says):
    verdict = judge(says, STANDS, DAY, CODE)
    changes = verdict.changes or {}
    assert set(changes) <= set(says)
    assert all(changes[key] == says[key] != STANDS[key] for key in changes)
    assert (verdict.outcome == "updated") == bool(changes)


@given(SAYS)
def test_applying_a_verdict_leaves_nothing_to_change(says):
    verdict = judge(says, STANDS, DAY, CODE)
    after = STANDS | dict(verdict.changes or {})
    if verdict.outcome == "updated":
        assert judge(says, after, DAY, CODE).outcome == "unchanged"


@given(SAYS)
def test_an_older_source_never_overwrites(says):
    assert judge(says, STANDS, date(2019, 1, 1), CODE).outcome in {"unchanged", "conflict"}


def test_the_same_name_under_another_code_is_for_a_person_to_judge():
    verdict = judge({"name": "甲公司"}, STANDS, DAY, OTHER)
    assert verdict.outcome == "conflict"
    assert CODE in verdict.reason


def test_the_same_code_with_another_name_and_another_day_is_for_a_person_to_judge():
    assert judge({"name": "乙公司", "established_on": date(1999, 1, 1)}, STANDS, DAY, CODE).outcome == "conflict"
    assert judge({"name": "乙公司", "established_on": date(2020, 1, 1)}, STANDS, DAY, CODE).outcome == "updated"


def test_an_industry_guessed_from_the_scope_does_not_replace_a_given_one():
    says = {"name": "甲公司", "industry_code": "L7250", "industry_source": "scope"}
    assert judge(says, STANDS, DAY, CODE).outcome == "unchanged"


def test_what_only_another_street_knows_comes_here_and_its_values_are_not_told():
    says = {"name": "甲公司", "registered_address": "乙路2号"}
    verdict = judge(says, STANDS, DAY, CODE, here=False)
    assert (verdict.outcome, dict(verdict.changes)) == ("updated", {"registered_address": "乙路2号"})
    assert "甲路1号" not in verdict.reason
    assert judge({"name": "甲公司"}, STANDS, DAY, CODE, here=False).outcome == "updated"


# --- the real registry -----------------------------------------------------------------------------------------------
def register():
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@real
@pytest.mark.realdata
def test_capital_agrees_with_the_columns_of_the_real_registry():
    for row in register():
        if row["capital_wan"] and float(row["capital_wan"]) > 0:
            read = read_capital(row["capital"])
            assert read is not None, row["capital"]
            assert abs(read.amount - Decimal(row["capital_wan"]) * 10_000) <= 1, row["capital"]
            told = row["capital_ccy"].rstrip("?") or "CNY"
            assert read.currency == told or told == "OTHER", row["capital"]


@real
@pytest.mark.realdata
@pytest.mark.parametrize(("part", "share"), [("street", 0.57), ("number", 0.49), ("building", 0.20), ("room", 0.25)])
def test_addresses_of_the_real_registry_yield_what_they_hold(part, share):
    """Shares as measured over Hangzhou by the makers of the sample (data/README.md), less two points."""
    addresses = [read_address(row["address"]) for row in register() if row["address"]]
    assert sum(bool(getattr(one, part)) for one in addresses) / len(addresses) >= share - 0.02
