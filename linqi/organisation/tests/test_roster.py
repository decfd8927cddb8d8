"""A roster of people as a file: previewed without a trace, applied whole or not at all, undone."""

from datetime import date
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from linqi.journal.models import Entry
from linqi.kit.sheets import SheetRefused, write_xlsx
from linqi.organisation import actions
from linqi.organisation.intake import ROSTER
from linqi.organisation.models import Employment, Person, PostHolding, Roster

TITLES = [column.title for column in ROSTER.columns]
GOOD = [
    ["许知行", "创新一社区", "社区书记", "专职", "创新一社区", 100, date(2026, 3, 2)],
    ["林晚舟", "创新一社区", "经济发展专员", "", "外包甲", 60, "2026-03-02"],
    ["林晚舟", "创新一社区", "", "", "创新一社区", 40, "2026-03-02"],
]


def written(tmp_path, rows):
    path = tmp_path / "名册.xlsx"
    with path.open("wb") as file:
        write_xlsx(file, TITLES, rows)
    return path


@pytest.fixture
def taken(cast, tmp_path):
    actions.enter_company(
        place=cast.community, kind="outsourcing", name="外包甲", since=date(2026, 1, 1), by=cast.community_secretary
    )

    def take(rows):
        path = written(tmp_path, rows)
        return actions.take_roster(place=cast.community, path=path, file_name="名册.xlsx", by=cast.community_secretary)

    return take


def state():
    return Person.objects.count(), PostHolding.objects.count(), Employment.objects.count()


def test_a_preview_leaves_nothing_behind_and_applying_does_what_it_said(cast, taken):
    roster = taken(GOOD)
    told = Entry.objects.count()
    outcomes = actions.try_roster(roster=roster, by=cast.community_secretary)
    assert state() == (0, 0, 0)
    assert Entry.objects.count() == told
    assert [len(one.written) for one in outcomes] == [3, 3, 1]
    actions.apply_roster(roster=roster, by=cast.community_secretary)
    assert state() == (2, 2, 3)
    with pytest.raises(ValidationError, match="已经处理过"):
        actions.apply_roster(roster=roster, by=cast.community_secretary)
    again = actions.try_roster(roster=taken(GOOD), by=cast.community_secretary)
    assert [one.written for one in again] == [[], [], []]


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        (["甲", "远方社区", "", "", "", "", "2026-03-02"], "社区", "不在这份名册的范围内"),
        (["甲", "创新二社区", "", "", "", "", "2026-03-02"], "社区", "不在这份名册的范围内"),
        (["甲", "创新一社区", "董事长", "", "", "", "2026-03-02"], "岗位", "认不出来"),
        (["甲", "创新一社区", "社区书记", "由属地社区兼任", "", "", "2026-03-02"], "任职方式", "专职书记"),
        (["甲", "创新一社区", "", "", "某公司", 50, "2026-03-02"], "用人单位", "先登记公司"),
        (["甲", "创新一社区", "", "", "创新一社区", "", "2026-03-02"], "工时占比", "请补上"),
        (["甲", "创新一社区", "", "", "创新一社区", 120, "2026-03-02"], "工时占比", "1% 到 100%"),
        (["甲", "创新一社区", "", "", "创新一社区", "一半", "2026-03-02"], "工时占比", "不是整数"),
        (["甲", "创新一社区", "", "", "", "", "某天"], "开始日期", "不是日期"),
        (["甲", "创新一社区", "", "", "", "", ""], "开始日期", "请补上"),
        (["", "创新一社区", "", "", "", "", "2026-03-02"], "姓名", "请补上"),
        (["乙", "创新一社区", "社区书记", "", "", "", "2026-03-09"], "开始日期", "已有人担任"),
        (["许知行", "创新一社区", "", "", "外包甲", 10, "2026-03-09"], "工时占比", "合计为 110%"),
    ],
)
def test_a_bad_row_is_named_with_field_and_remedy_and_nothing_is_written(cast, taken, row, field, why):
    roster = taken([*GOOD, row])
    last = actions.try_roster(roster=roster, by=cast.community_secretary)[-1]
    assert last.number == 5
    assert any(problem.startswith(field) and why in problem for problem in last.problems), last.problems
    with pytest.raises(ValidationError, match="1 行不能写入"):
        actions.apply_roster(roster=roster, by=cast.community_secretary)
    assert state() == (0, 0, 0)


def test_a_roster_is_taken_back_unless_somebody_has_built_on_it(cast, taken):
    by = cast.community_secretary
    roster = actions.apply_roster(roster=taken(GOOD), by=by)
    actions.undo_roster(roster=roster, by=by)
    assert state() == (0, 0, 0)
    with pytest.raises(ValidationError):
        actions.undo_roster(roster=roster, by=by)
    roster = actions.apply_roster(roster=taken(GOOD), by=by)
    actions.end_post(holding=PostHolding.objects.first(), on=date(2026, 6, 1), by=by)
    with pytest.raises(ValidationError, match="逐人调整"):
        actions.undo_roster(roster=roster, by=by)
    assert state() == (2, 2, 3)


@pytest.mark.parametrize("who", ["stranger", "enterprise_user", "nobody", "econ_specialist"])
def test_rosters_are_closed_to_others(client, cast, taken, tmp_path, who):
    roster, user = taken(GOOD), cast.users[who]
    for act in (actions.try_roster, actions.apply_roster, actions.undo_roster):
        with pytest.raises(PermissionDenied):
            act(roster=roster, by=user)
    with pytest.raises(PermissionDenied):
        actions.take_roster(place=cast.community, path=written(tmp_path, GOOD), file_name="x", by=user)
    assert state() == (0, 0, 0)


def test_a_file_that_is_no_roster_is_refused_whole(cast, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with pytest.raises(SheetRefused, match="没有找到表头"):
        actions.take_roster(place=cast.community, path=path, file_name="x.csv", by=cast.community_secretary)
    with pytest.raises(ValidationError, match="没有数据行"):
        actions.take_roster(
            place=cast.community, path=written(tmp_path, []), file_name="x.xlsx", by=cast.community_secretary
        )
    assert not Roster.objects.exists()


def test_the_pages_take_preview_apply_and_undo(client, cast, tmp_path):
    client.force_login(cast.community_secretary, backend="allauth.account.auth_backends.AuthenticationBackend")
    template = client.get(reverse("organisation:roster_template"))
    assert b"".join(template.streaming_content).startswith(b"PK")
    page = reverse("organisation:rosters")
    file = BytesIO()
    write_xlsx(file, TITLES, GOOD[:1])
    upload = SimpleUploadedFile("名册.xlsx", file.getvalue())
    assert client.post(page, {"file": upload, "place": cast.community.pk}).status_code == 302
    roster = Roster.objects.get()
    one = reverse("organisation:roster", args=[roster.pk])
    assert "许知行" in client.get(one).content.decode()
    client.post(reverse("organisation:apply_roster", args=[roster.pk]))
    assert state() == (1, 1, 1)
    client.post(reverse("organisation:undo_roster", args=[roster.pk]))
    assert state() == (0, 0, 0)
    assert "已撤销" in client.get(one).content.decode()
    wrong = SimpleUploadedFile("x.pdf", b"%PDF-1.7")
    assert "不是表格文件" in client.post(page, {"file": wrong, "place": cast.community.pk}).content.decode()
