"""What an answer lacks, told before it is sent."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from linqi.cases import actions
from linqi.cases.intake import reply_templates
from linqi.cases.models import Outcome
from linqi.cases.replying import Doubt, doubts, questions

GOOD = "您反映的电梯停运，维保单位已于11月20日更换主板并恢复运行，物业费本季度减免一成。联系人王工，电话0571-88880000。"


def found(asked, answer, **more):
    return [one.doubt for one in doubts(asked, answer, **more)]


@pytest.mark.parametrize(
    ("asked", "answer", "more", "expected"),
    [
        pytest.param("电梯停运。", GOOD, {}, [], id="nothing is missing"),
        pytest.param("电梯停运", "好了", {}, [Doubt.SHORT, Doubt.CONTACT], id="too short"),
        pytest.param(
            "电梯停运。停车费能不能打折？", GOOD, {}, [Doubt.QUESTION], id="the second question was passed over"
        ),
        pytest.param("电梯什么时候恢复？", GOOD, {}, [], id="a question that is spoken of"),
        pytest.param(
            "电梯停运", "电梯将由维保单位更换主板后恢复运行，电话0571-88880000。", {}, [Doubt.DATE], id="no day named"
        ),
        pytest.param(
            "电梯停运", "我们高度重视电梯停运，已督促物业，电话0571-88880000。", {}, [Doubt.VAGUE], id="empty words"
        ),
        pytest.param(
            "想装电梯",
            "这处电梯目前不能加装，请谅解，电话0571-88880000。",
            {"refused": True},
            [Doubt.BASIS],
            id="no basis",
        ),
        pytest.param(
            "想装电梯",
            "依据《特种设备安全法》第三十二条不能加装，电话0571-88880000。",
            {"refused": True},
            [],
            id="with its basis",
        ),
        pytest.param(
            "查询",
            "当事人身份证号330106199001011234，电话0571-88880000。",
            {},
            [Doubt.PRIVATE],
            id="an identity number",
        ),
    ],
)
def test_doubts(asked, answer, more, expected):
    assert found(asked, answer, **more) == expected


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_looked_at(asked, answer):
    assert all(isinstance(one.doubt, Doubt) for one in doubts(asked, answer))
    assert all(question in asked for question in questions(asked))


def test_every_outcome_has_an_answer_to_begin_from():
    assert {one.outcome for one in reply_templates()} == set(Outcome.values)


def test_an_answer_with_doubts_is_shown_once_more_and_then_sent(cast, case, client):
    actions.accept(case=case, by=cast.department_handler)
    client.force_login(cast.department_handler)
    address = reverse("cases:move", args=[case.pk, "answer"])
    said = {"answer-text": "尽快处理", "answer-outcome": "solved"}
    page = client.post(address, said).content.decode()
    assert "用了空话" in page
    case.refresh_from_db()
    assert case.state == "accepted"
    client.post(address, {**said, "answer-sure": "on"})
    case.refresh_from_db()
    assert case.state == "answered"


def test_whoever_answers_may_put_the_category_right(cast, case, client):
    from linqi.catalogue.models import Category

    actions.accept(case=case, by=cast.department_handler)
    other = Category.objects.get(code="legal-advice")
    actions.answer(case=case, text=GOOD, outcome=Outcome.SOLVED, category=other, by=cast.department_handler)
    case.refresh_from_db()
    assert case.category == other
