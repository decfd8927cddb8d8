"""The judgement of a photographed licence: what is accepted, what is only proposed, where the name stands."""

from math import cos, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linqi.enterprises.rules.licence import (
    ACCEPTED,
    Line,
    Sure,
    code_area,
    code_found,
    code_line,
    codes_in_qr,
    judged,
    name_found,
    proposals,
    upright,
)
from linqi.kit.identifiers import ALPHABET, check_character, has_organisation_code, is_uscc, make_uscc

ORGANISATIONS = st.text(ALPHABET, min_size=8, max_size=8)
CODES = st.builds(make_uscc, st.just("9"), st.sampled_from("123"), st.integers(110000, 659999).map(str), ORGANISATIONS)
CODE = make_uscc("9", "1", "330110", "MA2B3C4D")
OTHER = make_uscc("9", "1", "330106", "MA5T6U7W")
NAME = "滨湖晴川信息技术有限公司"


def page_of(*words, turn=0.0, size=30):
    """Lines at these places (text, x, y) of an upright page, as a picture turned by so many degrees shows them."""

    def seen(x, y):
        angle = turn * pi / 180
        return x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)

    lines = []
    for text, x, y in words:
        wide = size * max(len(text), 1) * (0.55 if text.isascii() else 1)
        corners = [seen(x, y), seen(x + wide, y), seen(x + wide, y + size), seen(x, y + size)]
        # a reader gives the corners as they lie in the picture, beginning at the upper left one
        start = min(range(4), key=lambda at: corners[at][0] + corners[at][1])
        lines.append(Line(text, tuple(corners[start:] + corners[:start]), 0.98))
    return lines


LICENCE = (
    ("营业执照", 600, 100),
    ("统一社会信用代码", 80, 160),
    (CODE, 80, 205),
    ("名称", 80, 300),
    (NAME, 260, 302),
    ("类型", 80, 370),
    ("有限责任公司（自然人投资或控股）", 260, 370),
    ("经营范围", 80, 440),
    ("一般项目：技术服务、技术开发", 260, 440),
    ("注册资本", 900, 300),
    ("伍佰万元整", 1080, 300),
    ("登记机关", 1000, 800),
)


# --- the code ---------------------------------------------------------------------------------------------------------
@given(CODES)
def test_a_code_read_as_it_stands_is_accepted_and_needs_no_proposal(code):
    found = code_found([], [code])
    assert found.sure is Sure.PRINTED
    assert (found.code, found.proposed) == (code, ())


@given(CODES, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_a_code_with_one_wrong_character_is_never_accepted(code, at, letter):
    wrong = code[:at] + letter + code[at + 1 :]
    if wrong != code:
        found = code_found([f"http://www.gsxt.gov.cn/index.html?uniscid={wrong}"], [wrong])
        assert found.sure not in ACCEPTED
        assert not found.code


@given(CODES, st.text(ALPHABET + "IOSVZ", min_size=16, max_size=20), st.text(max_size=40))
def test_nothing_is_accepted_whose_check_character_does_not_hold(code, print_read, qr_text):
    for found in (code_found([qr_text], [print_read]), code_found([qr_text, print_read], [code[:17] + print_read[0]])):
        assert bool(found.code) == found.accepted
        assert not found.code or is_uscc(found.code)
        assert all(is_uscc(one) for one in found.proposed)


@given(CODES, st.integers(0, 17), st.data())
def test_one_look_alike_is_among_the_proposals_and_only_proposed(code, at, data):
    from linqi.enterprises.rules.licence import _LOOKS_LIKE

    alike = _LOOKS_LIKE.get(code[at], "")
    if not alike:
        return
    read = code[:at] + data.draw(st.sampled_from(alike)) + code[at + 1 :]
    found = code_found([], [read])
    assert found.sure is Sure.PROPOSED
    assert code in found.proposed
    assert all(is_uscc(one) and has_organisation_code(one) for one in found.proposed)


@pytest.mark.parametrize(
    ("printed", "said"),
    [("O", "0"), ("I", "1"), ("S", "5"), ("Z", "2")],
)
def test_a_letter_that_no_code_has_is_put_right_as_a_proposal(printed, said):
    code = next(
        one for number in range(500) if said in (one := make_uscc("9", "1", "330110", f"MA{number:06d}"))[10:16]
    )
    at = code.index(said, 10)
    found = code_found([], [code[:at] + printed + code[at + 1 :]])
    assert found.sure is Sure.PROPOSED
    assert code in found.proposed


def test_two_readings_that_are_wrong_at_different_places_mend_each_other():
    first, second = CODE[:3] + "9" + CODE[4:], CODE[:12] + "X" + CODE[13:]
    assert CODE in proposals([first, second])


def test_one_character_too_many_is_left_out_when_it_is_doubled_or_at_an_end():
    assert CODE in proposals([CODE[:5] + CODE[4] + CODE[5:]])
    assert CODE in proposals(["1" + CODE])


def test_a_code_whose_inner_check_does_not_hold_is_proposed_from_print_and_accepted_from_the_qr_code():
    organisation = "MA2B3C4D"
    body = f"91330110{organisation}" + next(
        one for one in "0123456789" if not has_organisation_code(f"91330110{organisation}{one}")
    )
    code = body + check_character(body)
    assert code_found([], [code]).sure is Sure.PROPOSED
    assert code in code_found([], [code]).proposed
    assert code_found([code], []).sure is Sure.QR


@pytest.mark.parametrize(
    ("qr", "printed", "sure"),
    [
        ([CODE], [CODE], Sure.AGREED),
        ([CODE], ["91330110MA2B3"], Sure.QR),
        ([CODE], [OTHER], Sure.DIFFERENT),
        ([], [CODE, OTHER], Sure.DIFFERENT),
        ([f"a {CODE} b {OTHER}"], [], Sure.DIFFERENT),
        (["http://example.gov.cn/?uuid=" + CODE + "0" * 14], [], Sure.NOTHING),
        ([], ["9133011022334455"], Sure.WRONG),
        ([], [], Sure.NOTHING),
    ],
)
def test_what_qr_code_and_print_say_together(qr, printed, sure):
    found = code_found(qr, printed)
    assert found.sure is sure
    assert found.accepted == (sure in ACCEPTED)


@pytest.mark.parametrize(
    "text",
    [
        f"http://www.gsxt.gov.cn/index.html?uniscid={CODE}",
        f"https://www.gsxt.gov.cn/index.html?uniscid={CODE.lower()}&tab=1",
        f"http://example.gov.cn/to?url=x%3Funiscid%3D{CODE}",
        f"统一社会信用代码:{CODE};名称:{NAME}",
        CODE,
    ],
)
def test_the_code_is_found_in_the_texts_of_qr_codes(text):
    assert codes_in_qr(text) == [CODE]


# --- the name ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("turn", [0, 4, -15, 90, 84, 180, 172, 270, 262])
def test_name_and_code_are_read_whichever_way_the_page_was_held(turn):
    found = judged([], [page_of(*LICENCE, turn=turn)])
    assert found.code.code == CODE
    assert found.name.text == NAME
    assert found.name.clear


def test_a_label_in_two_pieces_and_a_name_in_two_lines():
    long = ("杭州滨湖区启明供应链管理企业管理咨询合伙", "企业（有限合伙）")
    words = [one for one in LICENCE if one[0] not in ("名称", NAME, "类型", "有限责任公司（自然人投资或控股）")]
    words += [("名", 80, 300), ("称", 150, 300), (long[0], 260, 300), (long[1], 260, 340), ("类型", 80, 400)]
    found = name_found(upright(page_of(*words)))
    assert found.text == "".join(long)
    assert found.clear


def test_label_and_name_in_one_line():
    assert name_found(upright(page_of(("营业执照", 600, 100), (f"名称：{NAME}", 80, 300)))).text == NAME


def test_a_name_whose_label_was_not_read_is_told_by_its_place():
    words = [one for one in LICENCE if one[0] != "名称"]
    found = name_found(upright(page_of(*words)))
    assert (found.text, found.clear) == (NAME, True)


def test_a_name_that_stands_alone_is_not_clear():
    found = name_found(upright(page_of((NAME, 260, 302), ("经营期限", 100, 500))))
    assert (found.text, found.clear) == (NAME, False)


@pytest.mark.parametrize("kind", ["有限责任公司(自然人独资)", "其他有限责任公司", "个人独资企业", "有限合伙企业"])
def test_a_kind_of_enterprise_is_no_name(kind):
    assert name_found(upright(page_of(("营业执照", 600, 100), (kind, 260, 370), ("经营范围", 80, 440)))).text == ""


def test_a_closing_bracket_lost_on_a_second_line_is_put_back():
    words = [(f"{NAME[:-4]}合伙企业（有限合伙" if text == NAME else text, x, y) for text, x, y in LICENCE]
    assert name_found(upright(page_of(*words))).text == f"{NAME[:-4]}合伙企业（有限合伙）"


def test_the_label_of_the_next_column_is_no_part_of_the_name():
    words = [(f"{NAME[:-4]}合伙企业（有限合伙注册资本）" if text == NAME else text, x, y) for text, x, y in LICENCE]
    assert name_found(upright(page_of(*words))).text == f"{NAME[:-4]}合伙企业（有限合伙）"


def test_a_name_that_does_not_end_as_names_end_is_not_clear():
    words = [(NAME[:8], x, y) if text == NAME else (text, x, y) for text, x, y in LICENCE]
    assert not name_found(upright(page_of(*words))).clear


def test_readings_that_differ_in_the_name_make_it_unclear():
    other = [(NAME.replace("晴", "睛"), x, y) if text == NAME else (text, x, y) for text, x, y in LICENCE]
    assert not judged([], [page_of(*LICENCE), page_of(*other)]).name.clear
    assert judged([], [page_of(*LICENCE), page_of(*LICENCE)]).name.clear


def test_nothing_on_the_picture_is_nothing_found():
    found = judged([], [[]])
    assert found.code.sure is Sure.NOTHING
    assert found.name.text == ""


# --- where to look again ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("turn", [0, 10, 180])
def test_the_code_is_looked_for_again_around_its_label(turn):
    page = upright(page_of(*LICENCE, turn=turn))
    area = code_area(page)
    (x0, y0), (x1, y1), (_x2, _y2), (x3, y3) = area
    for x, y in code_line(page).line.box:  # every corner of the code lies in it
        along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
        down = ((x - x0) * (x3 - x0) + (y - y0) * (y3 - y0)) / ((x3 - x0) ** 2 + (y3 - y0) ** 2)
        assert 0 <= along <= 1
        assert 0 <= down <= 1


BOXES = st.tuples(*[st.tuples(st.floats(0, 5000), st.floats(0, 5000))] * 4)


@given(
    st.lists(st.builds(Line, st.text(max_size=30), BOXES, st.floats(0, 1)), max_size=8),
    st.lists(st.text(max_size=60), max_size=2),
)
def test_no_reading_breaks_the_judgement(lines, texts):
    found = judged(texts, [lines])
    assert not found.code.code or is_uscc(found.code.code)
