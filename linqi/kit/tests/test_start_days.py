"""On which start days a simpler clock gives another date: the page says what the calendar says.

`python -m linqi.kit.tests.test_start_days` prints the tables for docs/rules/start_days.md.
"""

from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from linqi.kit.clock import ZONE, Term, clock_in_force, published_calendar

PAGE = Path(__file__).parents[3] / "docs" / "rules" / "start_days.md"
TERM = 5
YEARS = (2024, 2025, 2026)


def walk(start, works):
    day, left = start, TERM
    while left:
        day += timedelta(days=1)
        left -= works(day)
    return day


def monday_to_friday(start):
    return walk(start, lambda day: day.weekday() < 5)


def holiday_list(start):
    """Holidays are known, the Saturdays and Sundays worked in their stead are not."""
    off = published_calendar().off
    return walk(start, lambda day: day.weekday() < 5 and day not in off)


def ours(start):
    noon = datetime(start.year, start.month, start.day, 12, tzinfo=ZONE)
    return clock_in_force().due(noon, Term.parse(f"{TERM} working_days")).at.date()


def wrong(year, clock):
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    return [day for day in days if day.year == year and ours(day).year == year and clock(day) != ours(day)]


def runs(days):
    """Days in a row, as first and last."""
    for _gap, group in groupby(enumerate(days), key=lambda one: one[1] - timedelta(days=one[0])):
        row = [day for _at, day in group]
        yield row[0], row[-1]


def table():
    lines = ["| Year | Start days | Monday–Friday clock wrong | Holiday-list clock wrong |", "|---|---|---|---|"]
    for year in YEARS:
        told = sum(ours(date(year, 1, 1) + timedelta(days=n)).year == year for n in range(365 + (year % 4 == 0)))
        lines.append(f"| {year} | {told} | {len(wrong(year, monday_to_friday))} | {len(wrong(year, holiday_list))} |")
    lines += ["", "| Start days | Clock | First of them: right | It says |", "|---|---|---|---|"]
    for year in YEARS:
        for name, clock in (("Monday–Friday", monday_to_friday), ("holiday list", holiday_list)):
            for first, last in runs(wrong(year, clock)):
                span = f"{first}" if first == last else f"{first} – {last}"
                lines.append(f"| {span} | {name} | {ours(first)} | {clock(first)} |")
    return "\n".join(lines)


def test_the_page_says_what_the_calendar_says():
    assert table() in PAGE.read_text(encoding="utf-8")


def test_where_no_holiday_is_near_all_three_agree():
    quiet = date(2026, 7, 6)
    assert ours(quiet) == monday_to_friday(quiet) == holiday_list(quiet) == date(2026, 7, 13)


if __name__ == "__main__":
    print(table())
