"""A device that keeps what has no receipt, held against a server that is only a set of names."""

import itertools
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from linqi.waste.outside.keeping import WAIT_WITH, Keeper, Receipt, Refused, read_answer


def receipt_of(stored, boot):
    """What a server that has these names says of one boot: counted the slow way, number by number."""
    numbers = {number for of, number in stored if of == boot}
    sequence = 0
    while sequence + 1 in numbers:
        sequence += 1
    beyond = []
    for number in sorted(one for one in numbers if one > sequence):
        if beyond and beyond[-1][1] == number - 1:
            beyond[-1][1] = number
        else:
            beyond.append([number, number])
    return Receipt(boot, sequence, tuple(map(tuple, beyond)))


class OverABadNetwork(RuleBasedStateMachine):
    """Anything may be lost, doubled, late or cut; the device may start again; yet every event is held, stored or told as lost."""

    def __init__(self):
        super().__init__()
        self.keeper = Keeper(boot=7, capacity=12, window=5, patience=4)
        self.chance, self.now = random.Random(1), 0.0
        self.told, self.stored, self.given_up, self.flying, self.heard = [], set(), set(), [], set()

    @rule(count=st.integers(1, 8))
    def something_happens(self, count):
        for _n in range(count):
            name, dropped = self.keeper.tell({"told": "deposit", "n": len(self.told)})
            self.told.append(name)
            assert all(one not in self.keeper.held for one in dropped)

    @rule()
    def it_sends(self):
        due = self.keeper.due(self.now, self.chance)
        names = [name for name, _body in due.events]
        assert names == sorted(names)
        assert not set(names) & self.heard, "what had its receipt is sent again"
        assert len(names) <= 5
        self.flying += [("event", name) for name in names] + [("lost", one) for one in due.lost]

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), fate=st.sampled_from(["arrives", "arrives", "is lost", "arrives twice"]))
    def a_message(self, data, fate):
        kind, one = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        if fate != "is lost":
            self._arrive(kind, one)
        if fate == "arrives twice":
            self.flying.append((kind, one))

    def _arrive(self, kind, one):
        if kind == "event":
            self.stored.add(one)
        else:
            boot, low, high = one
            self.given_up |= {(boot, number) for number in range(low, high + 1)}

    @rule(data=st.data())
    def a_receipt_arrives(self, data):
        boots = sorted({boot for boot, _number in self.told}) or [7]
        receipt = receipt_of(self.stored | self.given_up, data.draw(st.sampled_from(boots)))
        for name in self.keeper.hear(receipt, self.now):
            assert name in self.stored | self.given_up
            self.heard.add(name)

    @rule(data=st.data())
    def one_is_refused_for_good(self, data):
        if self.keeper.held:
            name = data.draw(st.sampled_from(list(self.keeper.held)))
            assert self.keeper.refuse(Refused(name, "value")) == [name]

    @rule(seconds=st.floats(0, 400))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def the_connection_is_cut(self):
        self.keeper.connection_lost()

    @rule()
    def it_starts_again(self):
        self.keeper.start_again()

    @invariant()
    def nothing_is_forgotten(self):
        lost = {
            (boot, n) for boot, ranges in self.keeper.lost.items() for low, high in ranges for n in range(low, high + 1)
        }
        for name in self.told:
            assert name in self.keeper.held or name in self.stored or name in lost or name in self.given_up

    @invariant()
    def memory_is_bounded_and_names_are_unique(self):
        assert len(self.keeper.held) <= 12
        assert len(set(self.told)) == len(self.told)

    def teardown(self):
        """When the network is good again, all that is held arrives, and then nothing is held and nothing is sent."""
        for _round in range(200):
            self.now += 1000
            due = self.keeper.due(self.now, self.chance)
            for name, _body in due.events:
                self._arrive("event", name)
            for one in due.lost:
                self._arrive("lost", one)
            for boot in {boot for boot, _number in self.told}:
                self.keeper.hear(receipt_of(self.stored | self.given_up, boot), self.now)
            if not self.keeper.held and not self.keeper.lost:
                break
        assert not self.keeper.held
        assert not self.keeper.lost
        assert set(self.told) <= self.stored | self.given_up


TestOverABadNetwork = OverABadNetwork.TestCase
TestOverABadNetwork.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)


def test_what_is_under_way_is_not_sent_again_before_patience_ends():
    keeper, chance = Keeper(boot=1, patience=4), random.Random(1)
    keeper.tell({})
    assert len(keeper.due(0, chance).events) == 1
    assert keeper.due(2.9, chance).events == []
    assert len(keeper.due(5.1, chance).events) == 1


def test_at_first_few_are_under_way_and_with_each_receipt_twice_as_many():
    keeper, chance, sizes = Keeper(boot=1), random.Random(1), []
    for _n in range(2000):
        keeper.tell({})
    for _round in range(7):
        events = keeper.due(0, chance).events
        sizes.append(len(events))
        keeper.hear(Receipt(1, events[-1][0][1]), 0)
    assert sizes == [16, 32, 64, 128, 256, 500, 500]
    keeper.connection_lost()
    assert len(keeper.due(0, chance).events) == 16


def test_patience_doubles_while_nobody_answers_and_is_the_first_again_after_a_receipt():
    keeper, chance, times, now = Keeper(boot=1, patience=4), random.Random(1), [], 0.0
    keeper.tell({})
    while len(times) < 8:
        if keeper.due(now, chance).events:
            times.append(now)
        now += 0.25
    waits = [b - a for a, b in itertools.pairwise(times)]
    assert waits[0] <= 5.25
    assert all(b > a for a, b in itertools.pairwise(waits[:5]))
    assert max(waits) <= 300 * 1.25 + 0.25
    keeper.tell({})
    keeper.hear(Receipt(1, 1), now)
    assert keeper.due(now + 5.1, chance).events


def test_an_event_of_an_earlier_boot_is_cleared_by_that_boots_receipt_only():
    keeper = Keeper(boot=3)
    keeper.tell({})
    keeper.start_again()
    keeper.tell({})
    assert keeper.hear(Receipt(4, 1), 0) == [(4, 1)]
    assert list(keeper.held) == [(3, 1)]
    assert keeper.hear(Receipt(3, 1), 0) == [(3, 1)]


def test_a_device_with_an_older_file_than_the_server_gives_no_name_twice():
    keeper = Keeper(boot=3)
    keeper.hear(Receipt(9, 4), 0)
    assert keeper.tell({})[0] == (10, 1)


@given(st.integers(1, 9), st.integers(0, 50), st.lists(st.tuples(st.integers(51, 90), st.integers(91, 99)), max_size=2))
def test_a_receipt_that_was_written_is_read_as_it_was(boot, sequence, beyond):
    plain = {"boot": boot, "sequence": sequence, "beyond": beyond}
    one = Receipt(boot, sequence, tuple(beyond))
    assert read_answer(json.dumps(plain)) == {"": [one]}
    assert read_answer(json.dumps({"receipts": {"chip": plain}})) == {"chip": [one]}
    assert read_answer(json.dumps([{"dev": "chip", **plain}, {"dev": "other"}])) == {"chip": [one], "other": []}
    refused = {**plain, "refused": [{"boot": 2, "seq": 9, "reason": "value"}]}
    assert read_answer(json.dumps(refused)) == {"": [one, Refused((2, 9), "value")]}
    over_http = {
        "receipts": {"chip": plain},
        "refused": [{"index": 0, "reason": "value", "boot": 2, "seq": 9, "dev": "chip"}],
    }
    assert read_answer(json.dumps(over_http)) == {"chip": [one, Refused((2, 9), "value")]}
    earlier = {**plain, "earlier": [{"boot": 0, "sequence": 5}]}
    assert read_answer(json.dumps(earlier)) == {"": [one, Receipt(0, 5)]}


def test_an_event_that_will_never_be_taken_is_given_up_and_told_as_lost():
    keeper = Keeper(boot=2)
    for _n in range(3):
        keeper.tell({})
    assert keeper.refuse(Refused((2, 2), "value")) == [(2, 2)]
    assert keeper.due(0, random.Random(1)).lost == [(2, 2, 2)]
    assert keeper.refuse(Refused((2, 2), "value")) == []
    keeper.hear(Receipt(2, 3), 0)
    assert not keeper.held
    assert not keeper.lost


@pytest.mark.parametrize("reason", sorted(WAIT_WITH))
def test_what_may_be_taken_later_is_kept(reason):
    keeper = Keeper(boot=2)
    keeper.tell({})
    assert keeper.refuse(Refused((2, 1), reason)) == []
    assert keeper.held


NO_RECEIPT = [
    b"", b"[]", b"{}", b"\xff", b'{"boot":1}', b'{"boot":[],"sequence":1}', b"[" * 9000, b"1", b'{"boot":1,"sequence":2,"beyond":[[1]]}',
]  # fmt: skip


@pytest.mark.parametrize("payload", NO_RECEIPT)
def test_what_is_no_receipt_clears_nothing_and_harms_nobody(payload):
    assert not any(read_answer(payload).values())


@given(st.binary(max_size=60))
def test_no_bytes_from_the_network_raise(payload):
    read_answer(payload)
