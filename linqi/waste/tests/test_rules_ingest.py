"""Messages, receipts, clocks and limits: pure, against naive oracles."""

import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.waste.rules import clock, messages, receipts, sparkplug, telemetry
from linqi.waste.rules.flood import Buckets
from linqi.waste.rules.messages import Incoming, Lost, Reason, read
from linqi.waste.rules.receipts import Progress, Taken

GOOD = {"v": 1, "boot": 3, "seq": 17, "ts": 1_790_000_000_000, "told": "deposit", "value": 1.2}


def said(**more):
    return orjson.dumps({**GOOD, **more})


# --- messages ---------------------------------------------------------------------------------------------------------
def test_a_whole_event_is_read_field_by_field():
    got = read(said(stream="residual", pic="a-1", card="c7"), 5)
    assert got.events == [Incoming(5, 3, 17, "deposit", 1_790_000_000_000, 1.2, "residual", "a-1", "c7")]
    assert not got.lost
    assert not got.refused


def test_time_value_and_marks_may_be_missing():
    assert read(b'{"v":1,"boot":0,"seq":1,"told":"deposit"}', 5).events == [Incoming(5, 0, 1, "deposit")]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        pytest.param({"v": 2}, Reason.VERSION, id="another version"),
        pytest.param({"v": True}, Reason.VERSION, id="true is not a version"),
        pytest.param({"boot": -1}, Reason.BOOT, id="boot below zero"),
        pytest.param({"boot": 1.0}, Reason.BOOT, id="boot is no whole number"),
        pytest.param({"boot": 2**53}, Reason.BOOT, id="boot beyond exact numbers"),
        pytest.param({"seq": 0}, Reason.SEQUENCE, id="sequence counts from one"),
        pytest.param({"seq": "17"}, Reason.SEQUENCE, id="sequence as text"),
        pytest.param({"seq": True}, Reason.SEQUENCE, id="true is not a number"),
        pytest.param({"told": "explode"}, Reason.TOLD, id="unknown word"),
        pytest.param({"told": {"a": 1}}, Reason.TOLD, id="an object for a word"),
        pytest.param({"ts": "2026-11-29"}, Reason.TIME, id="time as text"),
        pytest.param({"ts": 1.5}, Reason.TIME, id="time with a fraction"),
        pytest.param({"value": -0.1}, Reason.VALUE, id="less than nothing"),
        pytest.param({"value": 1e300}, Reason.VALUE, id="too heavy"),
        pytest.param({"value": "1.2"}, Reason.VALUE, id="value as text"),
        pytest.param({"value": True}, Reason.VALUE, id="true is not a value"),
        pytest.param({"told": "fill", "value": None}, Reason.VALUE, id="a fill level without a value"),
        pytest.param({"told": "fill", "value": 1.01}, Reason.VALUE, id="fuller than full"),
        pytest.param({"stream": "glass"}, Reason.STREAM, id="unknown stream"),
        pytest.param({"stream": []}, Reason.STREAM, id="a list for a stream"),
        pytest.param({"pic": "../../etc/passwd"}, Reason.REFERENCE, id="a path for a picture"),
        pytest.param({"pic": "a" * 65}, Reason.REFERENCE, id="picture too long"),
        pytest.param({"card": "c\t7"}, Reason.CARD, id="a tab in a card"),
        pytest.param({"card": "c" * 41}, Reason.CARD, id="card too long"),
        pytest.param({"name": "Zhang San"}, Reason.UNKNOWN_FIELD, id="a field that is none of ours"),
        pytest.param({"dev": "chip-2"}, Reason.NOT_YOURS, id="a chip speaks for another"),
        pytest.param({"dev": "a/b"}, Reason.UNKNOWN_DEVICE, id="a serial with a slash"),
        pytest.param({"lost": [5, 4]}, Reason.LOST, id="a range backwards"),
        pytest.param({"lost": [1, 2**53 - 1]}, Reason.LOST, id="everything lost for ever"),
        pytest.param({"lost": [1, 2]}, Reason.UNKNOWN_FIELD, id="a loss that is also an event"),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(more, reason):
    got = read(said(**more), 5)
    assert not got.events
    assert not got.lost
    assert [one.reason for one in got.refused] == [reason]
    assert got.refused[0].detail


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"", Reason.NOT_JSON, id="nothing"),
        pytest.param(b"\xff\xfe", Reason.NOT_JSON, id="not even text"),
        pytest.param(b'{"v":1,"value":NaN}', Reason.NOT_JSON, id="NaN"),
        pytest.param(b"[" * 5000, Reason.NOT_JSON, id="a well of brackets"),
        pytest.param(b"7", Reason.NOT_AN_EVENT, id="a number"),
        pytest.param(b"[7]", Reason.NOT_AN_EVENT, id="a list of a number"),
        pytest.param(b" " * 65_537, Reason.TOO_LARGE, id="too large"),
        pytest.param(b"[" + b",".join([b"{}"] * 501) + b"]", Reason.TOO_MANY, id="too many"),
    ],
)
def test_a_message_that_is_none_is_refused_whole(payload, reason):
    assert [one.reason for one in read(payload, 5).refused] == [reason]


def test_in_a_list_the_good_are_taken_and_the_bad_named_by_their_place():
    got = read(orjson.dumps([GOOD, {**GOOD, "seq": 18, "value": -1}, {**GOOD, "seq": 19}]), 5)
    assert [one.sequence for one in got.events] == [17, 19]
    assert [(one.place, one.boot, one.sequence) for one in got.refused] == [(1, 3, 18)]


def test_a_loss_is_read():
    assert read(b'{"v":1,"boot":3,"lost":[4,6]}', 5).lost == [Lost(5, 3, 4, 6)]


JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(sorted(messages.TOLD)),
    st.sampled_from([[], [1], [1, 2], {}, {"v": 1}, [[1, 2]]]),
)
FIELD = st.sampled_from([*sorted(messages.FIELDS), "lost"])


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail(payload):
    got = read(payload, 5)
    assert got.events or got.lost or got.refused or payload.strip() == b"[]"


@given(st.dictionaries(FIELD, JSON, max_size=9), st.booleans())
def test_no_object_makes_reading_fail_and_what_is_taken_keeps_the_bounds(more, near):
    got = read(orjson.dumps({**GOOD, **more} if near else more), 5)
    assert len(got.events) + len(got.lost) + len(got.refused) == 1
    for one in got.events:
        least, most, needed = messages.BOUNDS[one.told]
        assert one.value is not None or not needed
        assert one.value is None or (math.isfinite(one.value) and least <= one.value <= most)
        assert not set("\t\n\r\\\x00") & set(one.told + one.stream + one.picture + one.card)


# --- receipts -----------------------------------------------------------------------------------------------------------
ACTS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(0, 5), st.booleans()),
    max_size=80,
)


def done(line):
    return set(range(1, line.sequence + 1)).union(*(range(low, high + 1) for low, high in line.beyond))


@given(ACTS)
def test_whatever_the_order_each_event_is_new_exactly_once_and_a_receipt_says_what_is_done(acts):
    progress, stored, given_up = Progress(), set(), set()
    for boot, sequence, length, lost in acts:
        if lost:
            asked = {(boot, number) for number in range(sequence, sequence + length + 1)}
            new = asked - stored - given_up
            assert progress.give_up(boot, sequence, sequence + length) == len(new)
            given_up |= new
        else:
            known = (boot, sequence) in stored | given_up
            assert progress.take(boot, sequence) is (Taken.REPEATED if known else Taken.NEW)
            stored.add((boot, sequence))
        progress = Progress.read(
            progress.boot,
            progress.line.sequence,
            orjson.loads(orjson.dumps(progress.line.beyond)),
            orjson.loads(orjson.dumps(progress.kept())),
        )
    for boot, line in {progress.boot: progress.line, **progress.earlier}.items():
        assert done(line) == {number for which, number in stored | given_up if which == boot}
        assert all(low <= high for low, high in line.beyond)
        ends = [line.sequence, *(end for island in line.beyond for end in island)]
        assert all(after > before + 1 for before, after in zip(ends[::2], ends[1::2], strict=False))
    receipt = progress.receipt({1, 2, 3, 4})
    assert {one.boot for one in receipt.earlier} == set(progress.earlier)


def test_a_device_may_not_leave_more_gaps_than_are_kept_and_what_closes_them_is_taken():
    progress = Progress()
    for island in range(receipts.MOST_RANGES):
        assert progress.take(1, 3 + 2 * island) is Taken.NEW
    beyond = 3 + 2 * receipts.MOST_RANGES
    assert progress.take(1, beyond) is Taken.SCATTERED
    assert progress.give_up(1, beyond + 5, beyond + 6) is None
    assert progress.take(1, 4) is Taken.NEW
    assert progress.take(1, beyond) is Taken.NEW
    assert progress.give_up(1, 1, beyond) == receipts.MOST_RANGES + 1  # 1, 2, 6, 8, 10 …
    assert progress.line.sequence == beyond


def test_boots_beyond_those_remembered_are_refused_and_never_claimed():
    progress = Progress()
    for boot in range(receipts.MOST_BOOTS + 3):
        assert progress.take(boot, 1) is Taken.NEW
    assert progress.take(0, 2) is Taken.FORGOTTEN
    assert progress.take(receipts.MOST_BOOTS, 1) is Taken.REPEATED
    again = Progress.read(progress.boot, 1, [], orjson.loads(orjson.dumps(progress.kept())))
    assert again.take(0, 2) is Taken.FORGOTTEN
    assert progress.receipt({0}).earlier == ()


# --- clocks and limits ------------------------------------------------------------------------------------------------------
NOW = 1_795_000_000_000


@pytest.mark.parametrize(
    ("told", "is_believed"),
    [
        pytest.param(None, False, id="no clock"),
        pytest.param(0, False, id="1970"),
        pytest.param(NOW + 6 * 60_000, False, id="ahead"),
        pytest.param(NOW + 4 * 60_000, True, id="a little ahead"),
        pytest.param(NOW - 13 * clock.DAY, True, id="kept through an outage"),
        pytest.param(NOW - 15 * clock.DAY, False, id="older than raw events are kept"),
    ],
)
def test_which_clocks_are_believed(told, is_believed):
    assert clock.believed(told, NOW) is is_believed


@given(st.lists(st.integers(0, 86_400_000), min_size=1, max_size=9))
def test_events_of_a_wrong_clock_keep_their_distances_and_end_now(moments):
    newest = max(moments)
    at = [clock.reckoned(moment, newest, NOW) for moment in moments]
    assert max(at) == NOW
    assert [one - NOW for one in at] == [moment - newest for moment in moments]


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 40)), max_size=40))
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate(draws):
    buckets, now, taken = Buckets(10, 50), NOW, 0
    for pause, asked in draws:
        now += pause
        taken += buckets.draw(1, asked, now).taken
        assert taken <= 50 + (now - NOW) / 1000 * 10
        assert buckets.draw(2, 1, NOW).taken == 1 or len(draws) > 50


# --- telemetry and Sparkplug ----------------------------------------------------------------------------------------------
def told(reader, said, *more):
    into = messages.Read([], [], [])
    reader(orjson.dumps(said), *more, into)
    return into


VALUES = {"boot": 3, "seq": 10, "weight": 1.5, "fillPercent": 60, "lid": True, "card": "c7", "rssi": -70}


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({**VALUES, "ts": 5}, id="values alone"),
        pytest.param({"ts": 5, "values": VALUES}, id="with their time"),
        pytest.param([{"ts": 5, "values": VALUES}], id="a list"),
    ],
)
def test_telemetry_becomes_events_that_take_numbers_in_the_order_of_names(said):
    assert told(telemetry.read, said, 5).events == [
        Incoming(5, 3, 10, "deposit", 5, 1.5, "", "", "c7"),
        Incoming(5, 3, 11, "fill", 5, 0.6),
        Incoming(5, 3, 12, "lid", 5, 1.0),
    ]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param({"weight": 1.5}, Reason.NO_NAME, id="a device that does not count"),
        pytest.param({"boot": 1, "seq": 1, "rssi": 3}, Reason.TOLD, id="nothing of ours"),
        pytest.param({"boot": 1, "seq": 1, "weight": "1"}, Reason.VALUE, id="a number as text"),
        pytest.param({"boot": 1, "seq": 1, "fillPercent": 101}, Reason.VALUE, id="fuller than full"),
        pytest.param({"boot": 1, "seq": 1, "weight": 1, "stream": "glass"}, Reason.STREAM, id="unknown stream"),
        pytest.param({"boot": 1, "seq": 1, "weight": 1, "card": "a b"}, Reason.CARD, id="card with a space"),
        pytest.param({"ts": "now", "values": {"boot": 1, "seq": 1, "weight": 1}}, Reason.TIME, id="time as text"),
        pytest.param([7], Reason.NOT_AN_EVENT, id="a list of a number"),
        pytest.param("text", Reason.NOT_AN_EVENT, id="a text"),
    ],
)
def test_telemetry_that_cannot_be_taken_is_refused_whole(said, reason):
    got = told(telemetry.read, said, 5)
    assert not got.events
    assert [(one.reason, one.device_id) for one in got.refused] == [(reason, 5)]


def test_telemetry_of_a_gateway_goes_to_its_chips_by_name():
    known = {"chip-1": 1, "chip-2": 2}
    behind = lambda serial: known.get(serial) or messages.Refusal(Reason.UNKNOWN_DEVICE, "no")  # noqa: E731
    record = {"ts": 5, "values": {"boot": 1, "seq": 1, "fill": 0.5}}
    got = told(telemetry.read_gateway, {"chip-1": [record], "chip-2": [record], "ghost": [record]}, behind)
    assert [one.device_id for one in got.events] == [1, 2]
    assert [one.reason for one in got.refused] == [Reason.UNKNOWN_DEVICE]
    assert told(telemetry.read_gateway, [record], behind).refused[0].reason == Reason.NOT_AN_EVENT


def test_a_sparkplug_payload_is_read_as_the_bytes_of_the_specification_have_it():
    # by hand from the field numbers: timestamp=1000; metric name="w" timestamp=7 datatype=10 double=1.5; metric alias=3 datatype=3 int=-2; seq=4
    payload = bytes.fromhex(
        "08e807"
        + "1210"
        + "0a0177"
        + "1807"
        + "200a"
        + "69000000000000f83f"
        + "120a"
        + "1003"
        + "2003"
        + "50feffffff0f"
        + "1804"
    )
    said = sparkplug.decode(payload)
    assert said == sparkplug.Payload(1000, [sparkplug.Metric("w", None, 7, 1.5), sparkplug.Metric("", 3, None, -2)])


def test_sparkplug_values_are_read_by_name_or_alias_and_those_of_one_moment_together():
    metric = sparkplug.Metric
    birth = sparkplug.Payload(
        1, [metric("bdSeq", None, 1, 4), metric("Bin/boot", 1, 1, 3), metric("Bin/fill", 2, 1, 0.0)]
    )
    assert sparkplug.birth_number(birth) == 4
    aliases = sparkplug.aliases_of(birth)
    data = [metric("", 1, 5, 3), metric("seq", None, 5, 9), metric("", 2, 5, 0.25), metric("fill", None, 6, None)]
    said = sparkplug.decode(sparkplug.encode(sparkplug.Payload(1, data), 2))
    assert list(sparkplug.records(said, aliases)) == [(5, {"boot": 3, "seq": 9, "fill": 0.25}), (6, {"fill": None})]
    refused = list(sparkplug.records(said, {}))
    assert [one.reason for one in refused] == [Reason.NO_BIRTH]


@given(st.binary(max_size=120))
def test_no_bytes_make_reading_of_sparkplug_fail(payload):
    said = sparkplug.decode(payload)
    if isinstance(said, messages.Refusal):
        assert said.reason == Reason.NOT_SPARKPLUG
    else:
        into = messages.Read([], [], [])
        for found in sparkplug.records(said, {}):
            if not isinstance(found, messages.Refusal):
                telemetry.take(found[1], found[0], 5, into)


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        pytest.param("spBv1.0/street/NBIRTH/gw-1", sparkplug.Topic("street", "NBIRTH", "gw-1", ""), id="of a node"),
        pytest.param("spBv1.0/s/DDATA/gw-1/c", sparkplug.Topic("s", "DDATA", "gw-1", "c"), id="of a device"),
        pytest.param("spBv1.0/street/NBIRTH/gw-1/c", None, id="a node has no device"),
        pytest.param("spBv1.0/street/DDATA/gw-1", None, id="data of a device without it"),
        pytest.param("spBv1.0/street/NCMD/gw-1", None, id="a command"),
        pytest.param("spBv1.0/STATE/host", None, id="a host"),
    ],
)
def test_topics_of_sparkplug(topic, found):
    assert sparkplug.topic_of(topic.split("/")) == found
