"""Pairs are proposed with reasons; a person merges, links or keeps apart, and can take it back."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from linqi.accounts.models import Grant
from linqi.enterprises.actions.facts import record_fact
from linqi.enterprises.actions.pairs import (
    keep_pair_apart,
    link_pair,
    merge_pair,
    propose_pairs,
    undo_pair,
)
from linqi.enterprises.actions.registry import settle
from linqi.enterprises.models import Enterprise, Fact, Pair, Tenancy
from linqi.enterprises.queries import enterprises_seen_by, pairs_shown, pairs_to_decide, survivor_of
from linqi.enterprises.rules.names import name_key
from linqi.kit.access import SYSTEM, may
from linqi.kit.flow import MoveRefused

DAY = date(2026, 3, 2)


def second(cast, name="滨湖晴川科技有限责任公司", **columns):
    """The firm entered a second time, without its code."""
    known = {"established_on": date(2024, 5, 6), "entity_type": "company"} | columns
    made = Enterprise.objects.create(name=name, name_key=name_key(name), source="名册", as_of=DAY, **known)
    Tenancy.objects.create(enterprise=made, place=cast.unit, relation="registered", since=DAY, source="名册")
    settle(made)
    return made


def content():
    """Everything a merge may touch, as plain rows."""
    left_out = {"updated_at"}
    return {
        model.__name__: [
            {key: value for key, value in row.items() if key not in left_out}
            for row in model.objects.order_by("pk").values()
        ]
        for model in (Enterprise, Tenancy, Fact, Grant, Pair)
    }


@pytest.fixture
def pair(cast):
    twin = second(cast, registered_address="创新路 1 号")
    record_fact(
        enterprise=twin, key="employees", value=12, period="2025", source_kind="import", source="名册", as_of=DAY,
        by=SYSTEM,
    )  # fmt: skip
    return Pair.objects.create(left=cast.firm, right=twin, kind="duplicate", probability=0.9, reasons=[])


def test_a_second_record_is_proposed_with_reasons(cast):
    twin = second(cast)
    assert propose_pairs(street=cast.street, by=cast.econ_specialist) == 1
    found = Pair.objects.get()
    assert (found.left_id, found.right_id, found.kind) == (cast.firm.pk, twin.pk, "duplicate")
    assert found.probability > 0.9
    assert any("字号相同" in reason["words"] for reason in found.reasons)
    assert pairs_to_decide(cast.econ_specialist).get() == found
    assert not pairs_to_decide(cast.stranger).exists()


def test_looking_again_keeps_what_was_decided_and_takes_back_what_no_longer_holds(cast):
    twin = second(cast)
    propose_pairs(street=cast.street, by=cast.econ_specialist)
    keep_pair_apart(pair=Pair.objects.get(), by=cast.econ_specialist)
    propose_pairs(street=cast.street, by=cast.econ_specialist)
    assert Pair.objects.get().state == "apart"
    undo_pair(pair=Pair.objects.get(), by=cast.econ_specialist)
    Enterprise.objects.filter(pk=twin.pk).update(name="滨湖完全不同餐饮店", name_key="滨湖完全不同餐饮店")
    propose_pairs(street=cast.street, by=cast.econ_specialist)
    assert not Pair.objects.exists()


def test_merging_moves_everything_and_fills_what_was_unknown(cast, pair):
    twin = pair.right
    Grant.objects.create(
        user=cast.nobody, role=Grant.objects.get(user=cast.enterprise_user).role, enterprise=twin.pk, since=DAY
    )
    kept = merge_pair(pair=pair, keep=cast.firm, by=cast.econ_specialist)
    assert kept.registered_address == "创新路 1 号"
    assert Fact.objects.get().enterprise_id == cast.firm.pk
    assert kept.tenancies.count() == 2
    assert Grant.objects.get(user=cast.nobody).enterprise == cast.firm.pk
    twin.refresh_from_db()
    assert survivor_of(twin) == cast.firm
    assert twin not in enterprises_seen_by(cast.econ_specialist)
    assert may(cast.econ_specialist, "enterprises.see", twin)  # its old address leads to the one that is left
    assert not may(cast.stranger, "enterprises.see", twin)


@pytest.mark.parametrize("keep", ["left", "right"])
def test_undo_leaves_the_content_as_it_was(cast, pair, keep):
    before = content()
    merge_pair(pair=pair, keep=getattr(pair, keep), by=cast.econ_specialist)
    assert content() != before
    undo_pair(pair=pair, by=cast.econ_specialist)
    assert content() == before


def test_what_came_after_the_merge_stays_with_the_kept_record(cast, pair):
    merge_pair(pair=pair, keep=cast.firm, by=cast.econ_specialist)
    later = record_fact(
        enterprise=cast.firm, key="employees", value=15, period="2026", source_kind="register", source="人社",
        as_of=DAY, by=SYSTEM,
    )  # fmt: skip
    undo_pair(pair=pair, by=cast.econ_specialist)
    later.refresh_from_db()
    assert later.enterprise_id == cast.firm.pk


def test_a_pair_is_decided_once(cast, pair):
    merge_pair(pair=pair, keep=cast.firm, by=cast.econ_specialist)
    with pytest.raises(MoveRefused):
        keep_pair_apart(pair=pair, by=cast.econ_specialist)


@pytest.mark.parametrize("who", ["stranger", "property_manager", "enterprise_user", "nobody"])
def test_others_do_not_merge(cast, pair, who):
    with pytest.raises(PermissionDenied):
        merge_pair(pair=pair, keep=cast.firm, by=cast.users[who])


def test_a_branch_is_linked_to_its_parent_and_unlinked_again(cast):
    branch = second(cast, name="滨湖晴川科技有限公司云谷分公司")
    propose_pairs(street=cast.street, by=cast.econ_specialist)
    pair = Pair.objects.get()
    assert pair.kind == "branch"
    link_pair(pair=pair, by=cast.econ_specialist)
    branch.refresh_from_db()
    assert branch.head == cast.firm
    undo_pair(pair=pair, by=cast.econ_specialist)
    branch.refresh_from_db()
    assert branch.head is None


def test_both_records_are_shown_side_by_side(cast, pair):
    shown = pairs_shown([pair], cast.econ_specialist)[0]
    names = shown.contrasts[0]
    assert names.differs
    assert (names.left, names.right) == ("滨湖晴川科技有限公司", "滨湖晴川科技有限责任公司")
