"""Random fields, enterprises and trees, for holding the engine against the oracle."""

from datetime import date, timedelta
from fractions import Fraction
from random import Random

from linqi.conditions.book import Book, Field

DAY = date(2026, 2, 28)
FIELDS = [
    Field("revenue", "营业收入", "Revenue", "decimal", "CNY", "FY"),
    Field("rd", "研发费用", "R&D", "decimal", "CNY", "FY"),
    Field("staff", "人数", "Staff", "int", "person", "FY"),
    Field("insured", "参保人数", "Insured", "int", "person", "month"),
    Field("share", "占比", "Share", "decimal", "ratio", "as_of"),
    Field("founded", "成立日期", "Founded", "date", "", "static"),
    Field("listed", "上市", "Listed", "bool", "", "as_of"),
    Field("grade", "等级", "Grade", "enum", "", "as_of", (("A", "甲", "A"), ("B", "乙", "B"), ("C", "丙", "C"))),
    Field("industry", "行业", "Industry", "str", "", "as_of"),
    Field("papers", "证书", "Papers", "list", "", "as_of"),
    Field("rd_share", "研发占比", "R&D share", "decimal", "ratio", "FY", formula="rd/revenue"),
    Field("growth", "增长", "Growth", "decimal", "ratio", "FY", formula="revenue/revenue[-1]-1"),
    Field("age", "年限", "Age", "decimal", "year", "as_of", formula="years_since(founded)"),
    Field("size", "规模", "Size", "enum", "", "FY", formula="sme_size(industry, staff, revenue, revenue)"),
    Field("letter", "门类", "Section", "str", "", "as_of", formula="section(industry)"),
]
BOOK = Book(FIELDS)
KINDS = {field.key: (field.type, field.rhythm) for field in FIELDS}
ITEMS = [
    "HNTE",
    "SRDI",
    "SME",
    {"code": "OLD", "expires_on": "2020-01-01"},
    {"code": "NEW", "issued_on": "2025-01-01", "expires_on": "2028-01-01"},
]
CODES = ["I6513", "I65", "C3912", "I", "K7010", "F5179"]
ABOVE = ["I", "65", "6513", "C", "391", "K", "7010", "651", "51"]


def divided(above, below):
    return lambda look, period: (
        None if look(above, period) is None or not look(below, period) else look(above, period) / look(below, period)
    )


def growth(look, period):
    now, before = look("revenue", period), look("revenue", str(int(period) - 1))
    return None if now is None or not before else now / before - 1


def age(look, _period):
    start = look("founded", "")
    if start is None:
        return None

    def birthday(year):
        try:
            return start.replace(year=year)
        except ValueError:
            return date(year, 2, 28)

    year = DAY.year if birthday(DAY.year) <= DAY else DAY.year - 1
    return year - start.year + Fraction((DAY - birthday(year)).days, (birthday(year + 1) - birthday(year)).days)


DERIVED = {
    "rd_share": divided("rd", "revenue"),
    "growth": growth,
    "age": age,
    "letter": lambda look, _period: look("industry", "")[0] if look("industry", "") else None,
    "size": lambda _look, _period: None,  # several classes may be left: tried on its own
}


def thresholds(random):
    return random.choice([0, 1, 100, 1_000_000, 0.05, 0.1, 3, 50, 12.5, Fraction(1, 3)])


def firm(random, unknown=0.3):
    """(key, period) → value, many missing."""
    facts = {}

    def maybe(key, period, value):
        if random.random() > unknown:
            facts[key, period] = value

    for year in ("2025", "2024", "2023"):
        maybe("revenue", year, random.choice([0, 1, 100, 1_000_000, 20_000_000, 12.5, -5, 3]))
        maybe("rd", year, random.choice([0, 1, 5, 50_000, 100_000, 0.6, 3]))
        maybe("staff", year, random.choice([0, 3, 9, 10, 50, 100, 299, 300, 5000]))
        if random.random() < 0.2:
            facts["rd_share", year] = random.choice([0.05, 0.1, 0.0500000000000001])
    for month in ("2026-01", "2025-12", "2025-02"):
        maybe("insured", month, random.choice([0, 3, 50, 100]))
    maybe("share", "", random.choice([0.05, 0.1, 0.3, 0.05000000000000001, 1]))
    maybe(
        "founded",
        "",
        random.choice(
            [DAY - timedelta(days=random.choice([0, 30, 365, 1826, 1827])), date(2024, 2, 29), date(2000, 1, 1)]
        ),
    )
    maybe("listed", "", random.random() < 0.5)
    maybe("grade", "", random.choice("ABC"))
    maybe("industry", "", random.choice(CODES))
    maybe("papers", "", random.sample(ITEMS, random.randint(0, 3)))
    return facts


def comparison(random):
    key = random.choice([field.key for field in FIELDS if field.key != "size"])
    kind, rhythm = KINDS[key]
    made = {"field": key}
    if kind in ("int", "decimal"):
        made["op"] = random.choice(["gte", "gt", "lte", "lt", "eq", "ne", "in", "not_in", "exists"])
        value = (
            [0.05, 0.1, 0.3, 1, 3, 50, 0.05000000000000001]
            if key in ("share", "rd_share", "growth", "age")
            else [0, 1, 3, 100, 12.5, 1_000_000, 50]
        )
        if made["op"] in ("in", "not_in"):
            made["value"] = random.sample(value, 2)
        elif made["op"] != "exists":
            made["value"] = random.choice(value)
            if key in ("revenue", "rd") and random.random() < 0.3:
                made["unit"] = random.choice(["万元", "元"])
            if key == "share" and random.random() < 0.3:
                made |= {"value": random.choice([5, 10, 30]), "unit": "percent"}
        if rhythm == "FY" and random.random() < 0.5:
            made["period"] = random.sample(["Y-1", "Y-2", "Y-3"], random.randint(1, 3))
            ordering = made["op"] not in ("in", "not_in", "exists")
            made["agg"] = random.choice(["each", "sum", "avg", "min", "max"] if ordering else ["each"])
        elif rhythm == "month" and random.random() < 0.5:
            made["period"] = random.choice(["M-1", "M-2", "M-12", "2025-02"])
    elif kind == "date":
        made |= random.choice(
            [
                {"op": "gte", "value": "today-1y"},
                {"op": "lt", "value": "today-30d"},
                {"op": "lte", "value": "2024-02-29"},
                {"op": "eq", "value": "today"},
                {"op": "gt", "value": "today-24m"},
                {"op": "exists"},
            ]
        )
    elif kind == "bool":
        made |= random.choice(
            [{"op": "is_true"}, {"op": "is_false"}, {"op": "eq", "value": True}, {"op": "ne", "value": False}]
        )
    elif kind == "list":
        made["op"] = random.choice(["contains_any", "contains_all", "exists"])
        if made["op"] != "exists":
            made["value"] = random.sample(["HNTE", "SRDI", "OLD", "NEW", "NONE"], random.randint(1, 2))
    elif key == "industry":
        made |= {"op": "under", "value": random.sample(ABOVE, random.randint(1, 3))}
    elif key == "letter":
        made |= {"op": random.choice(["in", "not_in"]), "value": random.sample(["I", "C", "K"], 2)}
    else:
        made |= random.choice(
            [
                {"op": "eq", "value": "A"},
                {"op": "ne", "value": "B"},
                {"op": "in", "value": ["A", "C"]},
                {"op": "not_in", "value": ["C"]},
            ]
        )
    return made


def tree(random, depth=3):
    roll = random.random()
    if depth == 0 or roll < 0.35:
        return comparison(random) if random.random() > 0.04 else {"manual": "由人认定"}
    if roll < 0.45:
        return {"not": tree(random, depth - 1)}
    parts = [tree(random, depth - 1) for _ in range(random.randint(1, 4))]
    if roll < 0.7:
        return {"all": parts}
    if roll < 0.9:
        return {"any": parts}
    return {"at_least": random.randint(1, len(parts)), "of": parts}


def world(seed):
    return Random(seed)
