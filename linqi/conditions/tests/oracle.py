"""A slow judge written another way: it reads the plain data, tries both answers where nothing is known, and never sees the engine.

Three values come from asking each comparison for the set of answers that are still possible, and combining the sets.
"""

from datetime import date, timedelta
from fractions import Fraction

YES, NO = frozenset({True}), frozenset({False})
EITHER = YES | NO


def number(value):
    return Fraction(str(value))


def period_on(period, day):
    if period[:1] == "Y":
        return str(day.year + int(period[1:] or 0))
    if period[:1] == "M":
        year, month = day.year, day.month
        for _step in range(-int(period[1:] or 0)):
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        return f"{year}-{month:02d}"
    return period


def day_on(text, day):
    if not isinstance(text, str) or not text.startswith("today"):
        return date.fromisoformat(str(text))
    if text == "today":
        return day
    amount, unit = int(text[5:-1]), text[-1]
    if unit == "d":
        return day + timedelta(days=amount)
    months = day.month - 1 + amount * (12 if unit == "y" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    for last in range(day.day, 0, -1):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError


FACTOR = {None: 1, "万元": 10**4, "亿元": 10**8, "percent": Fraction(1, 100), "CNY": 1, "元": 1, "ratio": 1}


class Oracle:
    """`facts`: (key, period) → python value; `fields`: key → (type, rhythm); `derived`: key → function of (look, period)."""

    def __init__(self, fields, facts, day, derived):
        self.fields, self.facts, self.day, self.derived = fields, facts, day, derived

    def look(self, key, period):
        value = self.facts.get((key, period))
        if value is None and key in self.derived:
            return self.derived[key](self.look, period)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return number(value)
        return value

    def possible(self, data):
        """The answers that are still possible: one when it is decided."""
        if "all" in data:
            return self.combine([self.possible(one) for one in data["all"]], len(data["all"]))
        if "any" in data:
            return self.combine([self.possible(one) for one in data["any"]], 1)
        if "at_least" in data:
            return self.combine([self.possible(one) for one in data["of"]], data["at_least"])
        if "not" in data:
            return frozenset(not one for one in self.possible(data["not"]))
        if "manual" in data:
            return EITHER
        return self.compared(data)

    @staticmethod
    def combine(sets, least):
        low = sum(1 for one in sets if one == YES)
        high = sum(1 for one in sets if True in one)
        return frozenset(count >= least for count in range(low, high + 1))

    def compared(self, data):
        kind, rhythm = self.fields[data["field"]]
        given = data.get("period")
        asked = given if isinstance(given, list) else [given or {"FY": "Y-1", "month": "M-1", "": ""}[rhythm]]
        asked = list(dict.fromkeys(asked))
        found = [self.look(data["field"], period_on(one, self.day)) for one in asked]
        how = data.get("agg")
        if how in ("sum", "avg"):
            if None in found:
                return EITHER
            total = sum(found) / (len(found) if how == "avg" else 1)
            return self.answer(data, kind, total)
        if how in ("min", "max"):
            # try the missing ones far below, at, and far above: an extreme moves with them
            bound = number(data["value"]) * FACTOR[data.get("unit")]
            pick = min if how == "min" else max
            answers = set()
            tries = [[]]
            for value in found:
                options = [value] if value is not None else [bound - 10**30, bound, bound + 10**30]
                tries = [[*before, option] for before in tries for option in options]
            for one in tries:
                answers |= self.answer(data, kind, pick(one))
            return frozenset(answers)
        return self.combine([self.answer(data, kind, one) for one in found], len(found))

    def answer(self, data, kind, value):
        if value is None:
            return EITHER
        op, wanted = data["op"], data.get("value")
        if op == "exists":
            return NO if kind == "list" and not self.held(value) else YES
        if kind == "bool":
            truth = {
                "is_true": value is True,
                "is_false": value is False,
                "eq": value == wanted,
                "ne": value != wanted,
            }[op]
            return frozenset({truth})
        if kind == "list":
            held = self.held(value)
            return frozenset({bool(held & set(wanted)) if op == "contains_any" else set(wanted) <= held})
        if op == "under":
            return self.under(value, wanted)
        if kind in ("int", "decimal"):
            factor = FACTOR[data.get("unit")]
            wanted = [number(one) * factor for one in wanted] if isinstance(wanted, list) else number(wanted) * factor
        elif kind == "date":
            wanted = day_on(wanted, self.day)
        if op == "in":
            return frozenset({value in wanted})
        if op == "not_in":
            return frozenset({value not in wanted})
        return frozenset(
            {
                {
                    "eq": value == wanted,
                    "ne": value != wanted,
                    "gt": value > wanted,
                    "gte": value >= wanted,
                    "lt": value < wanted,
                    "lte": value <= wanted,
                }[op]
            }
            if kind not in ("enum", "str")
            else {(value == wanted) == (op == "eq")}
        )

    def held(self, items):
        codes = set()
        for item in items:
            if isinstance(item, str):
                codes.add(item)
            elif item.get("issued_on", "0000") <= self.day.isoformat() <= item.get("expires_on", "9999"):
                codes.add(item["code"])
        return codes

    @staticmethod
    def under(code, wanted):
        wanted = wanted if isinstance(wanted, list) else [wanted]
        answers = []
        for one in wanted:
            if one.isalpha():
                answers.append(YES if code[0] == one else NO)
            else:
                digits = one.lstrip("ABCDEFGHIJKLMNOPQRST")
                have = code[1:]
                if have.startswith(digits):
                    answers.append(YES)
                elif digits.startswith(have) and (have or code[0] == SECTION[digits[:2]]):
                    answers.append(EITHER)
                else:
                    answers.append(NO)
        return Oracle.combine(answers, 1)


SECTION = {"65": "I", "63": "I", "64": "I", "13": "C", "39": "C", "70": "K", "51": "F"}


def cost(oracle, data, wanted=True):
    """How many known comparisons would have to turn for the condition to be `wanted`; infinite where something is unknown."""
    if "not" in data:
        return cost(oracle, data["not"], not wanted)
    if "manual" in data:
        return float("inf")
    for name in ("all", "any", "of"):
        if name in data:
            parts = [cost(oracle, one, wanted) for one in data[name]]
            least = {"all": len(parts), "any": 1, "of": data.get("at_least")}[name]
            least = least if wanted else len(parts) - least + 1
            return sum(sorted(parts)[:least])
    answers = oracle.compared(data)
    return float("inf") if len(answers) == 2 else int(next(iter(answers)) != wanted)
