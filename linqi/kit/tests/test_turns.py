"""A line before a costly door: few at work, few waiting, the others told when to come again."""

from contextlib import ExitStack

from linqi.kit.turns import EARLY, LONGEST, Turns


class Watch:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_who_finds_room_has_his_turn_and_leaves_it_to_the_next():
    turns = Turns(at_work=1, waiting=0)
    for _time in range(3):
        with turns.turn() as wait:
            assert wait == 0


def test_those_sent_away_come_back_one_after_the_other():
    watch = Watch()
    turns = Turns(at_work=1, waiting=0, takes=2.0, clock=watch)
    with turns.turn(), ExitStack() as inside:
        waits = [inside.enter_context(turns.turn()) for _who in range(4)]
    assert waits == [2.0 + 2.0 * EARLY * who for who in (1, 2, 3, 4)]
    with turns.turn() as wait:
        assert wait == 0


def test_nobody_is_sent_away_for_longer_than_the_longest():
    turns = Turns(at_work=1, waiting=0, takes=50.0, clock=Watch())
    with turns.turn(), ExitStack() as inside:
        waits = [inside.enter_context(turns.turn()) for _who in range(9)]
    assert max(waits) == LONGEST


def test_what_a_turn_took_is_what_the_next_is_expected_to_take():
    watch = Watch()
    turns = Turns(at_work=1, waiting=0, takes=1.0, clock=watch)
    for _time in range(100):
        with turns.turn():
            watch.now += 3.0
    with turns.turn(), turns.turn() as wait:
        assert round(wait, 1) == round(3.0 + 3.0 * EARLY, 1)


def test_a_turn_that_fails_is_over_too():
    turns = Turns(at_work=1, waiting=0)
    for _time in range(2):
        try:
            with turns.turn() as wait:
                assert wait == 0
                raise KeyError
        except KeyError:
            pass
