"""Size classes against every line of the document, at each threshold and one below; and what is missing does not stop the rest."""

from fractions import Fraction

import pytest

from linqi.conditions.sizes import CLASSES, industries, industry_of, size_class
from linqi.conditions.values import OneOf

CODE_OF = {"agriculture": "A0111", "industry": "C3912", "construction": "E4710", "wholesale": "F5111", "retail": "F5211", "transport": "G5431",
           "warehousing": "G5951", "post": "G6010", "accommodation": "H6110", "catering": "H6210", "info_transmission": "I6319", "software_it": "I6513",
           "real_estate_dev": "K7010", "property_mgmt": "K7020", "leasing_business": "L7211", "other": "M7320"}  # fmt: skip
# 工信部联企业〔2011〕300号, written down again by hand: (人, 万元收入, 万元资产) for large, medium, small
LINES = {
    "agriculture": ((None, 20000, None), (None, 500, None), (None, 50, None)),
    "industry": ((1000, 40000, None), (300, 2000, None), (20, 300, None)),
    "construction": ((None, 80000, 80000), (None, 6000, 5000), (None, 300, 300)),
    "wholesale": ((200, 40000, None), (20, 5000, None), (5, 1000, None)),
    "retail": ((300, 20000, None), (50, 500, None), (10, 100, None)),
    "transport": ((1000, 30000, None), (300, 3000, None), (20, 200, None)),
    "warehousing": ((200, 30000, None), (100, 1000, None), (20, 100, None)),
    "post": ((1000, 30000, None), (300, 2000, None), (20, 100, None)),
    "accommodation": ((300, 10000, None), (100, 2000, None), (10, 100, None)),
    "catering": ((300, 10000, None), (100, 2000, None), (10, 100, None)),
    "info_transmission": ((2000, 100000, None), (100, 1000, None), (10, 100, None)),
    "software_it": ((300, 10000, None), (100, 1000, None), (10, 50, None)),
    "real_estate_dev": ((None, 200000, 10000), (None, 1000, 5000), (None, 100, 2000)),
    "property_mgmt": ((1000, 5000, None), (300, 1000, None), (100, 500, None)),
    "leasing_business": ((300, None, 120000), (100, None, 8000), (10, None, 100)),
    "other": ((300, None, None), (100, None, None), (10, None, None)),
}
CASES = [
    (code, at, figure, step)
    for code in LINES
    for at in range(3)
    for figure in range(3)
    if LINES[code][at][figure] is not None
    for step in (-1, 0, 1)
]


def figures(code, at):
    return [
        None if one is None else Fraction(one * (1 if place == 0 else 10_000))
        for place, one in enumerate(LINES[code][at])
    ]


@pytest.mark.parametrize(
    ("code", "at", "figure", "step"),
    CASES,
    ids=[f"{code} {CLASSES[at]} {'人收资'[figure]}{step:+d}" for code, at, figure, step in CASES],
)
def test_at_each_threshold_and_one_beside_it(code, at, figure, step):
    """One person or one yuan below the line is the class below; on it and above is the class."""
    known = figures(code, at)
    known[figure] += step
    assert size_class(CODE_OF[code], *known) == (CLASSES[at] if step >= 0 else CLASSES[at + 1])


def test_all_sixteen_industries_are_there_and_found_by_their_codes():
    assert [row.code for row in industries()] == list(LINES)
    assert {code: industry_of(CODE_OF[code]).code for code in LINES} == {code: code for code in LINES}


@pytest.mark.parametrize(
    ("code", "known", "expected"),
    [
        pytest.param(
            "I6513",
            (50, None, None),
            OneOf(frozenset({"small", "micro"})),
            id="fifty people of a software firm: not medium, certainly not large",
        ),
        pytest.param("I6513", (5, None, None), "micro", id="five people decide it"),
        pytest.param("I6513", (None, None, None), None, id="nothing is known"),
        pytest.param("J6621", (50, 10**8, 10**8), None, id="a bank is of none of the sixteen"),
        pytest.param("G5310", (50, 10**8, None), None, id="railways are left out"),
        pytest.param("K70", (50, 10**8, 10**8), None, id="too general to say which of two"),
        pytest.param(None, (50, 10**8, 10**8), None, id="no industry is known"),
        pytest.param("A0111", (None, 5 * 10**6, None), "medium", id="agriculture asks for revenue only"),
    ],
)
def test_what_is_missing(code, known, expected):
    assert size_class(code, *(None if one is None else Fraction(one) for one in known)) == expected
