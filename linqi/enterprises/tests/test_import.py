"""Bringing a registry in: every row has one outcome, nothing is lost, and all of it can be taken back."""

import os
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linqi.accounts.models import Grant, RoleRecord
from linqi.enterprises.actions.facts import record_fact
from linqi.enterprises.actions.imports import (
    ImportRefused,
    announce_import,
    apply_import,
    preview_import,
    recover_imports,
    undo_import,
)
from linqi.enterprises.actions.registry import begin_tenancy, change_enterprise, end_tenancy
from linqi.enterprises.models import Enterprise, Import, ImportState, Tenancy
from linqi.enterprises.tests.importing import DAY, begin, bring_in, code, content, sheet
from linqi.kit import clock
from linqi.kit.access import SYSTEM, Role
from linqi.kit.flow import MoveRefused
from linqi.search.actions import rebuild
from linqi.search.models import Document

pytestmark = pytest.mark.usefixtures("uploads")
LATER = DAY + timedelta(days=30)


@pytest.fixture
def register(cast):
    """The cast, found by search as in a running house."""
    rebuild()
    return cast


def bring(cast, rows, **said):
    batch = bring_in(cast.street, sheet(rows), **said)
    announce_import(batch=batch)
    return batch


def outcomes(batch):
    return {row.number: row.outcome for row in batch.rows.all()}


def reasons(batch):
    return {row.number: row.reason for row in batch.rows.all()}


MIXED = [
    ["滨湖新来科技有限公司", code(1), "2025-03-01", "100万元", "浙江省杭州市滨湖区前滩街道云谷路1号"],
    ["滨湖改名科技有限公司", "FIRM", "2024-05-06", "500万元", ""],
    ["滨湖南岭智能制造有限公司", "NEIGHBOUR", "2024-05-06", "", ""],
    ["滨湖别家科技有限公司", "FIRM", "2001-01-01", "", ""],
    ["滨湖写错代码有限公司", "91330110MA0000001X", "", "", ""],
    ["", code(9), "", "", ""],
]


def mixed(cast):
    codes = {"FIRM": cast.firm.uscc, "NEIGHBOUR": cast.neighbour.uscc}
    return [[name, codes.get(number, number), *rest] for name, number, *rest in MIXED]


def test_each_row_has_exactly_one_of_the_five_outcomes(register):
    batch = bring(register, mixed(register))
    assert outcomes(batch) == {2: "created", 3: "updated", 4: "unchanged", 5: "conflict", 6: "refused", 7: "refused"}
    counts = [batch.counts[name] for name in ("created", "updated", "unchanged", "conflict", "refused")]
    assert sum(counts) == batch.rows_total == batch.rows.count() == 6


def test_a_second_import_of_the_same_file_changes_nothing(register):
    bring(register, mixed(register))
    before = content()
    again = bring(register, mixed(register))
    assert content() == before
    assert again.counts["created"] == again.counts["updated"] == 0
    assert outcomes(again)[2] == outcomes(again)[3] == "unchanged"


def test_what_is_new_stands_in_the_street_with_its_source_and_is_found(register):
    bring(register, mixed(register))
    new = Enterprise.objects.get(uscc=code(1))
    assert (new.name, new.established_on, new.registered_capital) == (
        "滨湖新来科技有限公司",
        date(2025, 3, 1),
        1_000_000,
    )
    assert (new.source, new.as_of, new.seat_id) == ("区市场监管局名册", DAY, register.street.pk)
    assert Tenancy.objects.get(enterprise=new).place_id == register.street.pk
    assert Document.objects.filter(kind="enterprise", object_id=new.pk).exists()


def test_undo_puts_back_what_stood_there_creations_and_updates_alike(register):
    before = content()
    batch = bring(register, mixed(register))
    assert content() != before
    assert undo_import(batch=batch, leave_changed=False, by=SYSTEM) == []
    assert content() == before


def test_two_imports_are_undone_one_after_the_other_the_last_first(register):
    before = content()
    first = bring(register, [["滨湖新来科技有限公司", code(1), "2025-03-01", "100万元", ""]])
    between = content()
    second = bring(register, [["滨湖新来科技有限公司", code(1), "2025-03-01", "200万元", ""]], as_of=LATER)
    with pytest.raises(ImportRefused, match="又有变动"):
        undo_import(batch=first, leave_changed=False, by=SYSTEM)
    undo_import(batch=second, leave_changed=False, by=SYSTEM)
    assert content()["enterprises"] == between["enterprises"]
    undo_import(batch=first, leave_changed=False, by=SYSTEM)
    assert content() == before


CODED = st.tuples(st.sampled_from(["滨湖甲科技有限公司", "滨湖乙贸易有限公司"]), st.integers(1, 4).map(code))
UNCODED = st.tuples(st.sampled_from(["滨湖丙餐饮店", "滨湖丁物业管理部"]), st.sampled_from(["", "91330110MA0000001X"]))
ROWS = st.lists(
    st.tuples(
        st.one_of(CODED, UNCODED),
        st.sampled_from(["", "2024-05-06", "2019/1/2", "没有"]),
        st.sampled_from(["", "100万元", "50万美元", "0", "乱写"]),
        st.sampled_from(["", "前滩街道云谷路1号一号楼301室", "别处"]),
    ).map(lambda row: [*row[0], *row[1:]]),
    max_size=6,
)


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=ROWS, second=ROWS)
def test_for_any_files_importing_twice_is_importing_once_and_undo_is_undo(register, first, second):
    with transaction.atomic():
        bring(register, first)
        before = content()
        batch = bring(register, second, as_of=LATER)
        assert sum(batch.counts[name] for name in ("created", "updated", "unchanged", "conflict", "refused")) == len(
            [row for row in second if any(row)]
        )
        once = content()
        again = bring(register, second, as_of=LATER)
        assert content() == once
        assert again.counts["created"] == again.counts["updated"] == 0
        assert undo_import(batch=batch, leave_changed=False, by=SYSTEM) == []
        after = content()
        assert after == before
        transaction.set_rollback(True)


# --- what stands against undoing -------------------------------------------------------------------------------------
def changed_by_hand(cast, new):
    change_enterprise(enterprise=new, changes={"business_scope": "软件"}, by=SYSTEM)


def moved(cast, new):
    begin_tenancy(enterprise=new, place=cast.unit, relation="both", since=DAY, source="走访", by=SYSTEM)


def left(cast, new):
    end_tenancy(tenancy=Tenancy.objects.get(enterprise=new), until=LATER, by=SYSTEM)


def known_better(cast, new):
    record_fact(
        enterprise=new,
        key="employees",
        period="2025",
        value=12,
        source_kind="register",
        source="测试",
        as_of=DAY,
        by=SYSTEM,
    )


def visited(cast, new):
    visits = apps.get_model("visits", "Visit").objects
    visits.create(enterprise=new, place=cast.street, state="planned", planned_for=DAY)


def trusted(cast, new):
    Grant.objects.create(
        user=cast.nobody, role=RoleRecord.objects.get(code=Role.ENTERPRISE_USER.value), enterprise=new.pk, since=DAY
    )


@pytest.mark.parametrize(
    "happened",
    [changed_by_hand, moved, left, known_better, visited, trusted],
    ids=["changed by hand", "moved", "left", "known better", "visited", "trusted to a user"],
)
def test_what_was_touched_since_is_not_undone_but_can_be_left(register, happened):
    batch = bring(register, mixed(register))
    new = Enterprise.objects.get(uscc=code(1))
    happened(register, new)
    before = content()
    with pytest.raises(ImportRefused, match="1 家企业在导入之后又有变动"):
        undo_import(batch=batch, leave_changed=False, by=SYSTEM)
    assert content() == before
    kept = undo_import(batch=batch, leave_changed=True, by=SYSTEM)
    assert [row.enterprise_id for row in kept] == [new.pk]
    assert Enterprise.objects.filter(pk=new.pk).exists()
    register.firm.refresh_from_db()
    assert register.firm.name == "滨湖晴川科技有限公司"


def test_an_updated_enterprise_that_was_corrected_since_is_not_overwritten_by_undo(register):
    batch = bring(register, mixed(register))
    changed_by_hand(register, register.firm)
    with pytest.raises(ImportRefused):
        undo_import(batch=batch, leave_changed=False, by=SYSTEM)
    undo_import(batch=batch, leave_changed=True, by=SYSTEM)
    register.firm.refresh_from_db()
    assert register.firm.business_scope == "软件"


def test_what_was_undone_or_never_written_cannot_be_undone(register):
    batch = bring(register, mixed(register))
    undo_import(batch=batch, leave_changed=False, by=SYSTEM)
    with pytest.raises(MoveRefused):
        undo_import(batch=batch, leave_changed=False, by=SYSTEM)
    read = preview_import(batch=begin(register.street, sheet(mixed(register))), by=SYSTEM)
    with pytest.raises(MoveRefused):
        undo_import(batch=read, leave_changed=False, by=SYSTEM)


# --- all or nothing --------------------------------------------------------------------------------------------------
def test_a_preview_writes_nothing(register):
    before = content()
    batch = preview_import(batch=begin(register.street, sheet(mixed(register))), by=SYSTEM)
    assert content() == before
    assert batch.state == ImportState.PREVIEWED
    assert outcomes(batch)[2] == "created"


def test_all_or_nothing_writes_nothing_when_one_row_cannot_be_written(register):
    before = content()
    batch = preview_import(batch=begin(register.street, sheet(mixed(register))), by=SYSTEM)
    with pytest.raises(ImportRefused, match="有 3 行不能写入"):
        apply_import(batch=batch, valid_only=False, by=SYSTEM)
    assert content() == before
    batch.refresh_from_db()
    assert batch.state == ImportState.PREVIEWED
    assert batch.rows.count() == 6


def test_all_or_nothing_writes_all_when_every_row_is_good(register):
    batch = bring(register, mixed(register)[:3], valid_only=False)
    assert batch.state == ImportState.APPLIED
    assert Enterprise.objects.filter(uscc=code(1)).exists()


def test_an_import_is_applied_only_once(register):
    batch = bring(register, mixed(register))
    with pytest.raises(MoveRefused):
        apply_import(batch=batch, valid_only=True, by=SYSTEM)


def test_a_fault_in_the_middle_leaves_nothing_and_the_import_can_be_tried_again(register, monkeypatch):
    before = content()
    batch = preview_import(batch=begin(register.street, sheet(mixed(register))), by=SYSTEM)

    def broken(*args):
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("linqi.enterprises.actions.imports._keep_rows", broken)
        with pytest.raises(OSError, match="disk"):
            apply_import(batch=batch, valid_only=True, by=SYSTEM)
    assert content() == before
    assert apply_import(batch=batch, valid_only=True, by=SYSTEM).state == ImportState.APPLIED


@pytest.mark.parametrize(("state", "becomes"), [("reading", "failed"), ("applying", "previewed")])
def test_an_import_whose_process_died_is_freed_after_a_while(register, state, becomes):
    batch = begin(register.street, sheet(mixed(register)))
    Import.objects.filter(pk=batch.pk).update(state=state, started_at=clock.now())
    assert recover_imports(clock.now()) == 0
    assert recover_imports(clock.now() + timedelta(minutes=11)) == 1
    batch.refresh_from_db()
    assert batch.state == becomes
    assert "中断" in batch.error


# --- single rules, as they are seen in the register ------------------------------------------------------------------
def test_an_older_source_does_not_overwrite_a_newer_one(register):
    batch = bring(register, mixed(register)[1:2], as_of=date(2020, 1, 1))
    assert outcomes(batch) == {2: "conflict"}
    assert "比这份名册新" in reasons(batch)[2]
    register.firm.refresh_from_db()
    assert register.firm.name == "滨湖晴川科技有限公司"


def test_one_code_twice_in_a_file_is_written_once_and_the_other_row_says_where(register):
    batch = bring(
        register,
        [
            ["滨湖甲有限公司", code(1), "", "", ""],
            ["滨湖甲有限公司", code(1), "", "", ""],
            ["滨湖乙有限公司", code(1), "", "", ""],
        ],
    )
    assert outcomes(batch) == {2: "created", 3: "unchanged", 4: "conflict"}
    assert "第 2 行" in reasons(batch)[3]
    assert "第 2 行" in reasons(batch)[4]


def test_a_row_without_a_code_is_not_told_from_its_namesake_in_the_file(register):
    rows = [["滨湖甲有限公司", "", "2020-01-01", "", ""], ["滨湖甲有限公司", code(1), "", "", ""]]
    batch = bring(register, rows)
    assert outcomes(batch) == {2: "conflict", 3: "created"}
    assert outcomes(bring(register, rows)) == {2: "conflict", 3: "unchanged"}


def test_two_rows_about_one_enterprise_by_code_and_by_name_are_not_both_written(register):
    rows = [
        [register.firm.name, "", "", "", "云谷路1号"],
        ["滨湖改名科技有限公司", register.firm.uscc, "2024-05-06", "", ""],
    ]
    batch = bring(register, rows)
    assert outcomes(batch) == {2: "updated", 3: "conflict"}
    assert "第 2 行" in reasons(batch)[3]


def test_an_enterprise_without_a_code_is_known_again_by_its_name(register):
    bring(register, [["滨湖丙餐饮店", "", "", "", ""]])
    again = bring(register, [["滨湖丙餐饮店 ", "", "2020-01-01", "", ""]], as_of=LATER)
    assert outcomes(again) == {2: "updated"}
    assert Enterprise.objects.filter(name_key="滨湖丙餐饮店").count() == 1


def test_an_empty_cell_erases_nothing(register):
    bring(register, mixed(register)[1:2])
    bring(register, [["滨湖改名科技有限公司", register.firm.uscc, "", "", ""]], as_of=LATER)
    register.firm.refresh_from_db()
    assert register.firm.established_on == date(2024, 5, 6)
    assert register.firm.registered_capital == 5_000_000


def test_a_self_employed_business_is_told_apart(register):
    rows = [["滨湖区某某便利店", code(1), "是"]]
    bring_in(register.street, sheet(rows, ["企业名称", "信用代码", "是否个体"]))
    assert Enterprise.objects.get(uscc=code(1)).entity_type == "self_employed"


def test_building_and_room_are_put_on_the_tree(register):
    rows = [
        ["滨湖甲有限公司", code(1), "一号楼", "302"],
        ["滨湖乙有限公司", code(2), "一号楼", "999"],
        ["滨湖丙有限公司", code(3), "无此楼", "302"],
    ]
    bring_in(register.street, sheet(rows, ["企业名称", "信用代码", "楼宇", "房间号"]))
    stays = Tenancy.objects.filter(enterprise__uscc__in=[code(1), code(2), code(3)]).select_related("enterprise")
    places = {stay.enterprise.uscc: (stay.place_id, stay.room) for stay in stays}
    assert places == {
        code(1): (register.unit2.pk, "302"),
        code(2): (register.building.pk, "999"),
        code(3): (register.street.pk, "302"),
    }


def test_persons_in_the_file_are_stored_nowhere(register):
    rows = [["滨湖甲有限公司", code(1), "欧阳无名", "13900001234", "欧阳无名"]]
    batch = bring_in(register.street, sheet(rows, ["企业名称", "信用代码", "法定代表人", "联系电话", "负责人姓名"]))
    assert batch.counts["personal"] == ["法定代表人", "联系电话", "负责人姓名"]
    assert Enterprise.objects.filter(uscc=code(1)).exists()
    for told in ("欧阳无名", "13900001234"):
        assert not found_in_the_database(told)


def found_in_the_database(text):
    """Tables in which a text stands, whatever the column."""
    found = []
    with connection.cursor() as cursor:
        for model in (one for one in apps.get_models() if one._meta.managed):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            if any(text in str(value) for row in cursor.fetchall() for value in row):
                found.append(model._meta.db_table)
    return found


def test_the_search_of_the_database_for_persons_would_find_one(register):
    assert "enterprises_enterprise" in found_in_the_database("滨湖晴川")


# --- whose street ----------------------------------------------------------------------------------------------------
def test_what_another_street_knows_comes_to_this_street_too_and_is_not_told(register):
    before = content()
    batch = bring(register, [[register.far_firm.name, register.far_firm.uscc, "2024-05-06", "100万元", ""]])
    assert outcomes(batch) == {2: "updated"}
    assert reasons(batch)[2] == "已在别处登记，新增在本街道的入驻"
    places = set(Tenancy.objects.filter(enterprise=register.far_firm).values_list("place", flat=True))
    assert places == {register.far_unit.pk, register.street.pk}
    again = bring(register, [[register.far_firm.name, register.far_firm.uscc, "2024-05-06", "100万元", ""]])
    assert outcomes(again) == {2: "unchanged"}
    undo_import(batch=batch, leave_changed=False, by=SYSTEM)
    assert content() == before


def test_an_older_source_does_not_bring_back_who_has_left(register):
    stay = Tenancy.objects.get(enterprise=register.firm)
    end_tenancy(tenancy=stay, until=LATER, by=SYSTEM)
    batch = bring(register, [[register.firm.name, register.firm.uscc, "2024-05-06", "", ""]])
    assert outcomes(batch) == {2: "unchanged"}


def test_another_streets_user_cannot_import_here(register):
    with pytest.raises(PermissionDenied):
        begin(register.street, sheet(mixed(register)), by=register.stranger)
    batch = begin(register.street, sheet(mixed(register)))
    for act in (
        lambda: preview_import(batch=batch, by=register.stranger),
        lambda: apply_import(batch=batch, valid_only=True, by=register.stranger),
        lambda: undo_import(batch=batch, leave_changed=True, by=register.stranger),
    ):
        with pytest.raises(PermissionDenied):
            act()


PAGES = ["enterprises:import", "enterprises:import_progress", "enterprises:import_report"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("enterprise_user", 403), ("nobody", 403)])
def test_an_import_is_not_seen_by_whom_it_is_not_for(register, client, page, who, status):
    batch = bring(register, mixed(register))
    client.force_login(register.users[who])
    assert client.get(reverse(page, args=[batch.pk])).status_code == status
    listed = client.get(reverse("enterprises:imports"))
    assert batch.file_name not in listed.content.decode()
    for act in ("enterprises:apply_import", "enterprises:undo_import"):
        assert client.post(reverse(act, args=[batch.pk])).status_code == status
    assert Import.objects.get(pk=batch.pk).state == ImportState.APPLIED


def test_a_leader_does_not_read_the_names_of_the_self_employed_in_the_rows_of_an_import(register, client):
    rows = [["滨湖区张三丰便利店", code(1), "是"]]
    batch = bring_in(register.street, sheet(rows, ["企业名称", "信用代码", "是否个体"]))
    told = {}
    for who in (Role.STREET_LEADER, Role.COMMUNITY_SECRETARY):
        client.force_login(register.users[who.value])
        told[who] = client.get(reverse("enterprises:import", args=[batch.pk])).content.decode()
    assert "张三丰" not in told[Role.STREET_LEADER]
    assert "张三丰" in told[Role.COMMUNITY_SECRETARY]


REAL = os.path.join(os.environ.get("LINQI_DATA", "../shared/data"), "registry", "hangzhou.csv")


@pytest.mark.realdata
@pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="the whole real file once is enough: on SQLite"
)
@pytest.mark.skipif(not os.path.exists(REAL), reason="the real registry is absent (LINQI_DATA)")
def test_the_real_registry_is_brought_in_changes_nothing_a_second_time_and_is_undone(register):
    with open(REAL, "rb") as opened:
        file = opened.read()
    before = content()
    first = bring_in(register.street, file, name="hangzhou.csv")
    announce_import(batch=first)
    counts = {name: first.counts[name] for name in ("created", "updated", "unchanged", "conflict", "refused")}
    assert sum(counts.values()) == first.rows_total == 31_950
    assert counts["created"] > 31_000
    assert all(row.reason for row in first.rows.filter(outcome__in=["refused", "conflict"]))
    stands = content()
    second = bring_in(register.street, file, name="hangzhou.csv")
    assert second.counts["created"] == second.counts["updated"] == 0
    assert content() == stands
    undo_import(batch=first, leave_changed=False, by=SYSTEM)
    assert content() == before
