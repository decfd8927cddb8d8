"""What makes some firms of a demo street worth a visit: risks, leases that run out, investments elsewhere; few percent of each 必访信号."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any

from linqi.dashboards.demo.firms import SOURCE, SOURCES, Firm
from linqi.enterprises.models import SourceKind
from linqi.kit.clock import ZONE
from linqi.visits.rules import Reason

AT_RISK = (  # field, value, who says so, share of the firms it can strike; no source, plausible
    ("abnormal_operation", True, "经营异常名录", 0.006),
    ("dishonest_executed", True, "失信被执行人名单", 0.002),
    ("wage_arrears", True, "劳动监察", 0.0015),
    ("fire_hazard_open", True, "消防隐患台账", 0.004),
    ("rent_overdue_days", None, "园区租赁台账", 0.004),
)
LEASED, ENDING, INVESTED, MOVING, ASKED = 0.12, 0.25, 0.05, 0.004, 0.002
ELSEWHERE = ("310115", "320505", "330402", "440305", "330523")


def make_signals(firms: list[Firm], *, ids: "count[int]", random: Random, today: date) -> Iterator[tuple[Any, ...]]:
    """Facts that ask for a visit; each firm is told since when it asks, so that the year can send somebody there."""
    for firm in firms:
        if firm.present:
            for key, period, value, source, as_of, reason in _told(firm, random, today):
                kind, sure = SOURCES.get(source, (SourceKind.REGISTER, 0.98))
                if reason is not None:
                    firm.asks = (*firm.asks, (reason.value, max(as_of, firm.since)))
                if not key:  # asks by what is known already
                    continue
                yield (
                    next(ids),
                    firm.pk,
                    key,
                    period,
                    value,
                    kind.value,
                    f"{SOURCE} · {source}",
                    as_of,
                    sure,
                    datetime.combine(min(today, as_of + timedelta(days=1)), time(10), ZONE),
                    None,
                )


def _told(firm: Firm, random: Random, today: date) -> Iterator[tuple[str, str, Any, str, date, Reason | None]]:
    draw = random.random

    def lately(days: int) -> date:
        return today - timedelta(days=random.randrange(1, days))

    for key, value, source, share in AT_RISK:
        if draw() < share and (firm.operates or key in ("abnormal_operation", "dishonest_executed")):
            told = random.randrange(60, 160) if value is None else value
            yield key, "", told, source, lately(70), Reason.AT_RISK
    if firm.staff and firm.staff >= 20 and draw() < 0.03:
        month = today.replace(day=1) - timedelta(days=1)
        before = month
        for _ in range(3):
            before = before.replace(day=1) - timedelta(days=1)
        yield "insured_count", f"{before:%Y-%m}", firm.staff, "人社用工名册", before, None
        left = round(firm.staff * random.uniform(0.4, 0.68))
        yield "insured_count", f"{month:%Y-%m}", left, "人社用工名册", month, Reason.AT_RISK
    if firm.operates and draw() < LEASED:
        ends = today + timedelta(days=random.randrange(-20, 330))
        renewed = draw() > ENDING
        told_on = lately(120)
        asks = Reason.OUTBOUND if not renewed and (ends - today).days <= 90 else None
        yield "lease_ends_on", "", ends.isoformat(), "园区租赁台账", told_on, None
        yield "lease_renewed", "", renewed, "园区租赁台账", told_on, asks
    if firm.staff and firm.staff >= 20 and draw() < INVESTED:
        on = lately(300)
        held = {
            "region": random.choice(ELSEWHERE),
            "ratio": random.choice(("0.3", "0.51", "1")),
            "date": on.isoformat(),
        }
        reason = Reason.OUTBOUND if (today - on).days <= 180 else None
        yield "outbound_investments", "", [held], "市场监管名册", on, reason
    if draw() < MOVING:
        on = lately(150)
        yield "address_change_requested_on", "", on.isoformat(), "市场监管名册", on, Reason.OUTBOUND
    if firm.operates and draw() < ASKED:
        on = lately(25)
        yield "visit_requested_on", "", on.isoformat(), "企业自报", on, Reason.IN_NEED
    if firm.certified or firm.above:
        yield "", "", None, "", today.replace(day=1) - timedelta(days=firm.pk % 250), Reason.PREMIUM
    if not firm.registered:
        on = max(today.replace(day=1) - timedelta(days=firm.pk % 250), firm.since)
        yield "registered_here", "", False, "社区台账", on, Reason.UNREGISTERED
