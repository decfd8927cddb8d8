"""How often a building is visited, from a day until another: pure 楼宇轮值期次.

What was in force once is never changed. A new spell is laid over those that stand from its first day on; where it ends, what
stood before goes on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from linqi.kit.choices import Choice

MOST: Final = 7  # visits a week that can be asked for: more than one a day is not planned; product default


class Fault(Choice):
    """Why a rota cannot be; the value names the field at fault 轮值有误."""

    VISITS = "visits", "每周次数应在 0 到 7 之间。"
    OPENS = "opens", "开放时间应有起止，且先早后晚。"
    CLOSES = "closes", "按街道默认时不另设开放时间。"
    SINCE = "since", "生效日不能早于今天，已执行过的不再改动。"
    UNTIL = "until", "截止日应晚于生效日。"


@dataclass(frozen=True, slots=True)
class Spell:
    """Some days with one rota: first day (None: from the beginning), first day no longer (None: open), visits a week.

    `visits` None: as the street says. `opens`, `closes`: minutes of the day. `key`: the row it came from.
    """

    since: date | None
    until: date | None
    visits: int | None
    opens: int | None = None
    closes: int | None = None
    key: int | None = None

    def covers(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Laid:
    """What becomes of the spells that stand when a new one is laid over them: cut short, gone, or going on behind it."""

    cut: tuple[Spell, ...]
    gone: tuple[Spell, ...]
    behind: tuple[Spell, ...]


def laid_over(standing: Iterable[Spell], since: date, until: date | None) -> Laid:
    """Make room for a spell from a day until another; only spells that reach into these days change."""
    cut, gone, behind = [], [], []
    for one in standing:
        if (one.until is not None and one.until <= since) or (
            until is not None and one.since is not None and one.since >= until
        ):
            continue
        if until is not None and (one.until is None or one.until > until):
            behind.append(replace(one, since=until))
        if one.since is None or one.since < since:
            cut.append(replace(one, until=since))
        else:
            gone.append(one)
    return Laid(tuple(cut), tuple(gone), tuple(behind))


def faults_of(spell: Spell, today: date) -> list[Fault]:
    """What is wrong with a rota that somebody wants to set, field by field."""
    opens, closes, since = spell.opens, spell.closes, spell.since or today
    wrong = []
    if spell.visits is not None and not 0 <= spell.visits <= MOST:
        wrong.append(Fault.VISITS)
    if (opens is None) != (closes is None) or (opens is not None and closes is not None and opens >= closes):
        wrong.append(Fault.OPENS)
    elif spell.visits is None and opens is not None:
        wrong.append(Fault.CLOSES)
    if since < today:
        wrong.append(Fault.SINCE)
    if spell.until is not None and spell.until <= since:
        wrong.append(Fault.UNTIL)
    return wrong


def in_force(spells: Sequence[Spell], day: date) -> Spell | None:
    """The spell that covers a day; None when none does, so that the street's own number holds."""
    return next((one for one in spells if one.covers(day)), None)
