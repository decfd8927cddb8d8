"""The judge of the runs under faults: it believes what people wrote and saw, and what the tables hold, and nothing of the code in between.

Every writer keeps a diary: what was written, and what stood on the screen while it was written. The server is read by SQL, the devices by what
they hold. From these alone it is told what was lost, doubled, overwritten without having been seen, or is otherwise in two places. No model,
no edition, no rule of merging is used: a word may be gone only when somebody who had it before their eyes, or its own writer at the same
screen later, put another in its place.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

FIELDS = ("met", "summary", "next_step")


@dataclass
class Written:
    """One thing that somebody wrote. `screen`: which device, or which person at a desk; `sure`: whether they were told that it is kept."""

    screen: str
    visit: str
    kind: str
    fields: dict = field(default_factory=dict)
    shown: dict = field(default_factory=dict)
    uid: str = ""
    text: str = ""
    sure: bool = True


@dataclass
class Held:
    """The tables as they are, read once."""

    operations: list
    visits: dict
    beside: dict
    clues: Counter
    acts: Counter
    chain: list

    @classmethod
    def of(cls, cursor):
        def rows(sql):
            cursor.execute(sql)
            return cursor.fetchall()

        visits = rows("SELECT id, state, met, summary, next_step FROM visits_visit")
        beside = defaultdict(set)
        for visit, name, value in rows(
            "SELECT visit_id, field, value FROM visits_fieldconflict WHERE settled_at IS NULL"
        ):
            beside[visit, name].add(value)
        return cls(
            operations=rows(
                "SELECT uid, device_id, seq, kind, outcome, reason, visit_id FROM visits_operation ORDER BY id"
            ),
            visits={pk: (state, dict(zip(FIELDS, words, strict=True))) for pk, state, *words in visits},
            beside=beside,
            clues=Counter(dict(rows("SELECT text, COUNT(*) FROM visits_finding WHERE kind = 'clue' GROUP BY text"))),
            acts=Counter(rows_of_acts(rows)),
            chain=rows("SELECT id, previous, digest FROM journal_entry ORDER BY id"),
        )


def rows_of_acts(rows):
    """What the journal tells of visits, as (verb, visit), once for each time."""
    return rows(
        "SELECT verb, subject_id FROM journal_entry WHERE verb LIKE 'visits.%' AND subject_type = 'visits.visit'"
    )


def faults(cursor, diary, answered, screens, before):
    """What is wrong after all, in words; empty when nothing is.

    `diary`: every `Written`; `answered`: uid → the outcome that its device was told; `screens`: device → (what it holds, what a fresh copy
    of it holds), sheets by visit; `before`: the tables as they were when the run began.
    """
    held = Held.of(cursor)
    diary = [*_earlier(before), *diary]
    by_uid = {
        uid: (device, seq, kind, outcome, reason, visit)
        for uid, device, seq, kind, outcome, reason, visit in held.operations
    }
    mine = {one.uid: one for one in diary if one.uid}
    found = list(_lost_or_doubled(held, by_uid, mine, answered, before))
    found += _effects(held, by_uid, mine, diary, before)
    found += _words(held, by_uid, diary)
    found += _replicas(held, screens)
    found += _chain(held)
    return found


def _earlier(before):
    """What was there when the run began, as if somebody had written it then."""
    for visit, (_state, fields) in before.visits.items():
        yield Written("earlier", str(visit), "earlier", fields)
    for (visit, name), texts in before.beside.items():
        for text in texts:
            yield Written("earlier, beside", str(visit), "earlier", {name: text})


def _lost_or_doubled(held, by_uid, mine, answered, before):
    if len(by_uid) != len(held.operations):
        yield f"{len(held.operations) - len(by_uid)} operations stand twice"
    if (there := len(held.operations) - len(before.operations)) != len(mine):
        yield f"{len(mine)} operations were written, {there} are there"
    for uid in mine.keys() - by_uid.keys():
        yield f"lost: {uid}"
    for uid in mine.keys() - answered.keys():
        yield f"never answered: {uid}"
    for uid, told in answered.items():
        if uid in by_uid and by_uid[uid][3:5] != (told["outcome"], told["reason"]):
            yield f"answered otherwise than it is kept: {uid}"
    order = defaultdict(list)
    for uid, device, seq, *_rest in held.operations:
        if uid in mine:
            order[device].append(seq)
    for device, numbers in order.items():
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"device {device}: applied in the order {numbers}"


def _effects(held, by_uid, mine, diary, before):
    """What took effect did so once: counted in the journal and in the findings, which know nothing of operations."""
    sets, records, clues = Counter(), Counter(), Counter()
    maybe = Counter()
    for uid, one in mine.items():
        if uid not in by_uid:
            continue
        _device, _seq, kind, outcome, _reason, visit = by_uid[uid]
        if outcome == "refused":
            continue
        sets[visit] += kind == "set"
        records[visit] += kind == "finish"
        if one.text:
            clues[one.text] += 1
    for one in diary:
        if not one.uid and one.kind != "earlier":
            maybe[int(one.visit)] += 1
    for visit, times in sets.items():
        told = held.acts["visits.fields_said", visit] - before.acts["visits.fields_said", visit]
        if not times <= told <= times + maybe[visit]:
            yield f"visit {visit}: {times} times written on devices, {told} times told"
    for visit in {pk for pk, times in records.items() if times} | set(maybe):
        told = held.acts["visits.recorded", visit]
        if told > 1 or (records[visit] and not told):
            yield f"visit {visit}: finished, {told} times told"
        if told and held.visits[visit][0] != "done":
            yield f"visit {visit}: finished, but {held.visits[visit][0]}"
    theirs = {one.text for one in mine.values() if one.text}
    kept = Counter({text: times for text, times in held.clues.items() if text in theirs})
    if kept != clues:
        yield f"clues: lost {dict(clues - kept)}, doubled {dict(kept - clues)}"


def _words(held, by_uid, diary):
    """A word that took effect stands, stands beside, or gave way to one whose writer had it before their eyes."""
    said = defaultdict(list)
    for place, one in enumerate(diary):
        visit = int(one.visit) if not one.uid else by_uid.get(one.uid, (0,) * 6)[5]
        if visit and (not one.uid or by_uid[one.uid][3] != "refused"):
            for name, text in one.fields.items():
                said[visit, name].append((place, text, one))
    for (visit, name), words in said.items():
        standing = {held.visits[visit][1][name]} | held.beside[visit, name]
        for place, text, one in words:
            if not text or text in standing or not one.sure:
                continue
            gave_way = any(
                other != text and ((two.screen == one.screen and later > place) or text in two.shown.get(name, ()))
                for later, other, two in words
            )
            if not gave_way:
                yield f"visit {visit}: {name} “{text}” by {one.screen} is gone, and nobody saw it"
    for (visit, name), texts in held.beside.items():
        for text in texts - {word for _place, word, _one in said[visit, name]}:
            if said[visit, name]:
                yield f"visit {visit}: “{text}” stands beside {name}, and nobody wrote it"


def _replicas(held, screens):
    """Every device holds what a fresh copy of it would, which is what the tables hold and what every other device holds."""
    seen = {}
    for name, (holds, fresh) in screens.items():
        if holds.keys() != fresh.keys():
            yield f"{name} holds {sorted(holds)}, a fresh copy {sorted(fresh)}"
        for pk, sheet in holds.items():
            if fresh.get(pk, sheet) != sheet:
                yield f"{name}: the sheet of {pk} differs from a fresh one"
            words = {field: said["value"] for field, said in sheet["said"].items()}
            if (sheet["state"], words) != held.visits[pk]:
                yield f"{name}: visit {pk} is {sheet['state']} {words}, in the tables {held.visits[pk]}"
            told = defaultdict(set)
            for clash in sheet["conflicts"]:
                told[clash["field"]].add(clash["value"])
            for field_ in FIELDS:
                if told[field_] != held.beside[pk, field_]:
                    yield f"{name}: beside {field_} of {pk} {told[field_]}, in the tables {held.beside[pk, field_]}"
            line = json.dumps(sheet, sort_keys=True, ensure_ascii=False)
            other = seen.setdefault(pk, (name, line))
            if other[1] != line:
                yield f"{name} and {other[0]} hold visit {pk} otherwise"


def _chain(held):
    """Rows of the journal are numbered from 1 without a gap, each naming the one before."""
    before = "0" * 64
    for place, (pk, previous, digest) in enumerate(held.chain, 1):
        if (pk, previous) != (place, before):
            yield f"the journal is broken at {pk}"
            return
        before = digest
