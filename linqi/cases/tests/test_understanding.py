"""What the product brings to learn from, what is learnt here, and that it only proposes."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

import pytest
from django.urls import reverse

from linqi.cases import actions, understanding
from linqi.cases.intake import starter_examples, starter_terms
from linqi.cases.models import Case, Source, TrainedReader
from linqi.cases.reading import Proposal
from linqi.cases.views.proposing import proposed
from linqi.catalogue.models import Category, Service
from linqi.kit import clock
from linqi.kit.access import SYSTEM


def test_every_service_and_every_category_has_twenty_examples_and_no_two_are_alike(db):
    examples = starter_examples()
    by_service = Counter((one.window, one.service) for one in examples)
    services = set(Service.objects.values_list("window__code", "name"))
    assert set(by_service) == services
    assert min(by_service.values()) >= 20
    by_category = Counter(one.category for one in examples)
    assert set(by_category) == set(Category.objects.values_list("code", flat=True))
    assert min(by_category.values()) >= 20
    assert len({one.text for one in examples}) == len(examples)
    assert max(len(one.text) for one in examples) <= 60


def test_every_category_has_words_that_speak_for_it_and_none_stands_twice(db):
    terms = starter_terms()
    assert set(terms) == set(Category.objects.values_list("code", flat=True))
    for category, words in terms.items():
        assert len(words) >= 40, category
        assert len(set(words)) == len(words), category


@pytest.fixture(scope="module")
def learnt():
    """What the first test of this file has learnt: half a minute of work that the others need not do again."""
    return []


@pytest.fixture
def reader(db, learnt):
    if not learnt:
        made = actions.learn(by=SYSTEM)
        learnt.append({field.name: getattr(made, field.name) for field in made._meta.fields if field.name != "id"})
        return made
    return TrainedReader.objects.create(**learnt[0])


def test_what_was_learnt_is_used_named_and_measured(reader, cast, street, category):
    assert reader.own == 0
    assert 0 < reader.measured["macro_f1"] < 1
    found = understanding.propose("甲方欠我们的尾款催了半年还不付")
    assert found.version == reader.version
    assert found.ranked[0][0] == "unpaid-receivables"
    case = actions.open_case(
        enterprise=cast.firm, category=category, title="客户拖欠尾款不付", source=Source.DESK, by=cast.econ_specialist
    )
    assert case.proposal["version"] == reader.version
    assert case.proposal["reasons"]
    assert actions.learn(by=SYSTEM) == reader


def test_the_reader_never_decides(reader, cast, street):
    other = Category.objects.get(code="parking-and-traffic")
    case = actions.open_case(
        enterprise=cast.firm, category=other, title="客户拖欠尾款不付", source=Source.DESK, by=cast.econ_specialist
    )
    assert case.category == other


def test_the_form_offers_what_it_may_be_about(reader, cast, street, client):
    client.force_login(cast.enterprise_user)
    page = client.post(reverse("cases:own_similar"), {"title": "客户拖欠尾款半年不付"}).content.decode()
    assert "拖欠账款" in page
    assert "data-choose" in page


def test_without_anything_learnt_nothing_is_proposed_and_everything_works(cast, case):
    assert understanding.propose("电梯坏了") is None
    assert case.proposal == {}


def test_a_reader_of_another_release_stops_nobody_and_is_learnt_anew(reader, cast, street, category):
    TrainedReader.objects.update(data=b"something else")
    understanding.forget()
    case = actions.open_case(
        enterprise=cast.firm, category=category, title="客户拖欠尾款不付", source=Source.DESK, by=cast.econ_specialist
    )
    assert case.proposal == {}
    assert actions.learn_when_due(datetime(2026, 3, 2, 12, 0, tzinfo=clock.ZONE)) == 1
    assert understanding.propose("客户拖欠尾款不付") is not None


def test_it_is_learnt_once_there_are_cases_and_then_weekly_at_night(cast, case):
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=clock.ZONE)
    assert actions.learn_when_due(noon) == 1
    assert actions.learn_when_due(noon) == 0
    TrainedReader.objects.update(trained_at=datetime(2026, 2, 1, 12, 0, tzinfo=clock.ZONE))
    assert actions.learn_when_due(noon) == 0
    assert actions.learn_when_due(noon.replace(hour=2)) == 1
    assert Case.objects.count() == 1


def test_where_no_category_is_sure_the_window_may_be(cast, street, monkeypatch):
    """Two categories of one window share the confidence: which of them is open, the window is not."""
    window = Category.objects.get(code="unpaid-receivables").window
    one, two = Category.objects.filter(window=window)[:2]
    ranked = ((one.code, 0.45), (two.code, 0.4), ("made-up", 0.15))
    found = Proposal(None, 0.45, ranked, ("货款",), "t")
    monkeypatch.setattr(understanding, "propose", lambda title, body="": found)
    said = proposed(cast.econ_specialist, "货款", "")
    assert (said.window, said.percent) == (window.title, 85)
    monkeypatch.setattr(understanding, "propose", lambda title, body="": replace(found, label=one.code))
    assert proposed(cast.econ_specialist, "货款", "").window == "", "a sure category says its window itself"
