"""The articles that bind going to see, each tried in the product itself and shown failing when it is broken 走访的法.

Named after 国办函〔2026〕12号 (whose five 不得 the dossier has without numbers) and the Personal Information Protection Law. What an article asks
is in visits/lawful.py; here each is tried twice: the product keeps it, and the self-check sees it when somebody does not.
"""

import ast
import io
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django import forms as django_forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.test.utils import isolate_apps
from django.urls import get_resolver, reverse
from openpyxl import load_workbook
from PIL import Image

from linqi.accounts.models import Grant, RoleRecord
from linqi.enterprises.models import Claim, Fact
from linqi.journal.models import Entry
from linqi.kit import clock, measures
from linqi.kit.access import Role
from linqi.territory.queries import street_of
from linqi.visits import actions, forms, lawful
from linqi.visits.actions import hand, keeping
from linqi.visits.lawful import ARTICLES, Kept, self_check
from linqi.visits.measures import done as count_done
from linqi.visits.models import Device, Erasure, Finding, MustVisitRule, Operation, Photo, Spot, Visit
from linqi.visits.rules import patrol

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent
HERE = {"lat": 30.29123, "lon": 119.98765, "within": 25}


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}


@pytest.fixture
def as_(client, cast):
    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def state(cast, key, who="street_leader"):
    """What the self-check says of one article just now."""
    cast.users[who] = type(cast.users[who]).objects.get(pk=cast.users[who].pk)  # with the grants of this moment
    (found,) = [one.found for one in self_check(cast.users[who], now=clock.now()) if one.article.key == key]
    assert found.why
    assert found.state is Kept.MET or found.remedy, "what is not met says what to do"
    return found


def visit_of(cast, kind="plain", state="done", firm="firm", **said):
    firm = cast.enterprises[firm]
    day = clock.today()
    return Visit.objects.create(
        enterprise=firm, place=firm.seat, street=street_of(firm.seat), visitor=cast.governance_specialist, kind=kind, state=state, planned_for=day,
        visited_on=day if state == "done" else None, **{"summary": "一切正常", **said},
    )  # fmt: skip


def spot_of(visit, **over):
    day = clock.today()
    kept = {"agreed": patrol.AGREED, "taken_by": visit.visitor, "taken_on": day, "erase_on": day + timedelta(days=30)}
    return Spot.objects.create(visit=visit, **HERE, **{**kept, **over})


def jpeg(side=64, **saved):
    written = io.BytesIO()
    Image.new("RGB", (side, side), "#0f4c54").save(written, "JPEG", **saved)
    return written.getvalue()


def photo_of(visit, **over):
    made = keeping.keep_photo(visit=visit, uid=str(uuid.uuid4()), data=jpeg(), taken_on=clock.today(), by=visit.visitor)
    Photo.objects.filter(pk=made.pk).update(**over)
    return made


# --- 国办函〔2026〕12号 -----------------------------------------------------------------------------------------------
def test_guobanhan_2026_12_no_check_in(cast):
    assert isinstance(Visit._meta.get_field("visited_on"), models.DateField)
    assert not isinstance(Visit._meta.get_field("visited_on"), models.DateTimeField)
    words = ("arriv", "leave", "left_at", "check_in", "checkin", "clock_in", "online", "attend")
    addresses = [str(one.pattern) for one in get_resolver("linqi.visits.urls").url_patterns]
    names = [field.name for model in lawful.watched() for field in model._meta.get_fields()]
    assert not [one for one in [*addresses, *names] if any(word in one for word in words)]
    assert state(cast, "no_check_in").state is Kept.MET


@isolate_apps("linqi.visits")
def test_guobanhan_2026_12_no_check_in_is_seen_when_broken(cast, monkeypatch):
    class Punch(models.Model):
        user = models.ForeignKey("accounts.User", models.CASCADE)
        arrived_at = models.DateTimeField()

        class Meta:
            app_label = "visits"

        def __str__(self):
            return ""

    monkeypatch.setattr(lawful, "watched", lambda: [Punch])
    found = state(cast, "no_check_in")
    assert found.state is Kept.UNMET
    assert "Punch.arrived_at" in found.why


def test_guobanhan_2026_12_no_check_in_the_hours_of_a_device_end(cast):
    device, _token = hand.register_device(name="手机", by=cast.governance_specialist)
    long_ago = clock.now() - timedelta(days=40)
    visit = visit_of(cast)
    row = Operation.objects.create(
        device=device, uid="x", seq=1, kind="finish", key=str(visit.pk), visit=visit, said_at=long_ago,
        happened_at=long_ago, received_at=long_ago, outcome="applied", body={"summary": "x"}, result={"edition": 1},
    )  # fmt: skip
    assert state(cast, "no_check_in").state is Kept.UNMET
    keeping.erase_ended(now=clock.now())
    row.refresh_from_db()
    assert (row.body, row.result, row.reason, row.kind, row.seq) == ({}, {}, "", "finish", 1)
    assert {row.happened_at.astimezone(clock.ZONE).hour, row.received_at.astimezone(clock.ZONE).minute} == {0}
    assert state(cast, "no_check_in").state is Kept.MET


def test_guobanhan_2026_12_no_ranking_of_persons(cast, as_):
    for who in ("street_leader", "community_secretary", "econ_specialist"):
        browser = as_(who)
        for name in ("visits:list", "visits:must", "visits:weeks"):
            page = browser.get(reverse(name)).content.decode()
            assert not [word for word in ("排名", "积分", "排行", "在线时长", "名次") if word in page]
    assert state(cast, "no_ranking").state is Kept.MET


def test_guobanhan_2026_12_no_ranking_of_persons_is_seen_when_broken(cast, monkeypatch):
    def by_person(span, place, person):
        return count_done(span, place)

    monkeypatch.setitem(measures._measures, "visits.x", measures.Measure("visits.x", "x", "次", by_person))
    assert state(cast, "no_ranking").state is Kept.UNMET


def test_guobanhan_2026_12_no_forced_photo(cast, as_):
    by = cast.governance_specialist
    visit = actions.start_visit(enterprise=cast.firm, day=clock.today(), by=by)
    actions.record_visit(visit=visit, visited_on=clock.today(), summary="一切正常", by=by)
    assert not Photo.objects.exists()
    assert (
        'type="file"'
        not in as_("econ_specialist").get(f"{reverse('visits:record_new')}?enterprise={cast.firm.pk}").content.decode()
    )
    assert state(cast, "no_forced_photo").state is Kept.MET


def test_guobanhan_2026_12_no_forced_photo_is_seen_when_broken(cast, monkeypatch):
    for _number in range(lawful.ENOUGH):
        photo_of(visit_of(cast))
    assert state(cast, "no_forced_photo").state is Kept.UNKNOWN
    Photo.objects.first().delete()
    assert state(cast, "no_forced_photo").state is Kept.MET

    class Forced(django_forms.Form):
        proof = django_forms.FileField()

    monkeypatch.setattr(forms, "Forced", Forced, raising=False)
    found = state(cast, "no_forced_photo")
    assert found.state is Kept.UNMET
    assert "Forced.proof" in found.why


def test_guobanhan_2026_12_no_forced_photo_keeps_nothing_of_where_it_was_taken(cast):
    exif = Image.Exif()
    exif[0x010F], exif[0x9003] = "某手机", "2026:03:02 09:30:00"
    exif.get_ifd(0x8825)[1] = "N"
    made = keeping.keep_photo(
        visit=visit_of(cast), uid="u", data=jpeg(3000, exif=exif), taken_on=clock.today(), by=cast.governance_specialist
    )
    with Image.open(made.file.open("rb")) as kept:
        assert not kept.getexif()
        assert max(kept.size) == patrol.PHOTO_SIDE


def test_guobanhan_2026_12_no_track(cast):
    spot_of(visit_of(cast, kind="security"))
    assert Spot._meta.get_field("visit").unique, "one place for a visit, so no track"
    assert state(cast, "no_track").state is Kept.MET
    spot_of(visit_of(cast))
    found = state(cast, "no_track")
    assert found.state is Kept.UNMET
    assert found.rows[0][1].startswith("/visits/")


@pytest.mark.parametrize("who", ["governance_specialist", "community_secretary"])
def test_guobanhan_2026_12_only_a_patrol_may_say_where(cast, who):
    by = cast.users[who]
    plain = actions.start_visit(enterprise=cast.firm, day=clock.today(), by=by)
    with pytest.raises(ValidationError, match="只有安全、应急巡查"):
        keeping.keep_spot(visit=plain, said=HERE, agreed=patrol.AGREED, taken_on=clock.today(), by=by)
    kind = patrol.VisitKind.EMERGENCY
    with pytest.raises(ValidationError, match="为什么巡查"):
        actions.start_visit(enterprise=cast.firm, day=clock.today(), kind=kind, by=by)
    patrolled = actions.start_visit(enterprise=cast.firm, day=clock.today(), kind=kind, why_again="燃气报警", by=by)
    with pytest.raises(ValidationError, match="同意"):
        keeping.keep_spot(visit=patrolled, said=HERE, agreed="", taken_on=clock.today(), by=by)
    keeping.keep_spot(visit=patrolled, said=HERE, agreed=patrol.AGREED, taken_on=clock.today(), by=by)
    with pytest.raises(ValidationError, match="只留一次"):
        keeping.keep_spot(visit=patrolled, said=HERE, agreed=patrol.AGREED, taken_on=clock.today(), by=by)
    actions.record_visit(visit=patrolled, visited_on=clock.today(), summary="没有异常", by=by)


def test_guobanhan_2026_12_only_a_patrol_may_say_where_and_not_everybody_patrols(cast):
    with pytest.raises(PermissionDenied):
        actions.start_visit(
            enterprise=cast.firm,
            day=clock.today(),
            kind=patrol.VisitKind.SECURITY,
            why_again="x",
            by=cast.econ_specialist,
        )


def test_guobanhan_2026_12_no_repeated_forms(cast):
    day = clock.today()
    known = {"enterprise": cast.firm, "key": "insured_count", "period": "2026-02", "value": 35}
    Fact.objects.create(**known, source_kind="department", source="社保", as_of=day - timedelta(days=20))
    visit = visit_of(cast)
    fresh = Claim.objects.create(**{**known, "value": 36}, said_by="财务", said_on=day, origin=f"visit:{visit.pk}")
    Finding.objects.create(visit=visit, kind="fact", text="参保 36", claim=fresh)
    assert state(cast, "no_repeat").state is Kept.MET
    again = Claim.objects.create(**known, said_by="财务", said_on=day, origin=f"visit:{visit.pk}")
    Finding.objects.create(visit=visit, kind="fact", text="参保 35", claim=again)
    assert state(cast, "no_repeat").state is Kept.UNKNOWN


def test_guobanhan_2026_12_nobody_must_install(cast):
    assert state(cast, "no_push").state is Kept.UNKNOWN  # no visits yet: it cannot be told
    first = visit_of(cast)
    assert state(cast, "no_push").state is Kept.MET
    device, _token = hand.register_device(name="手机", by=cast.governance_specialist)
    now = clock.now()
    for number, visit in enumerate([first, *(visit_of(cast) for _one in range(lawful.ENOUGH))], 1):
        Operation.objects.create(
            device=device, uid=str(number), seq=number, kind="finish", key=str(visit.pk), visit=visit, said_at=now,
            happened_at=now, received_at=now, outcome="applied",
        )  # fmt: skip
    assert state(cast, "no_push").state is Kept.UNKNOWN
    visit_of(cast)
    assert state(cast, "no_push").state is Kept.MET
    assert not [one.key for one in measures.measures() if "device" in one.key or "install" in one.key]


def test_guobanhan_2026_12_the_district_runs_it(cast):
    assert state(cast, "county_level").state is Kept.MET
    cast.district_operator.grants.update(until=clock.today())
    assert state(cast, "county_level").state is Kept.UNMET


def test_guobanhan_2026_12_a_button_for_complaints(cast, settings, as_):
    settings.COMPLAINTS = ""
    assert state(cast, "complaint_button").state is Kept.UNMET
    assert "投诉建议" not in as_("econ_specialist").get(reverse("visits:list")).content.decode()
    settings.COMPLAINTS = "javascript:alert(1)"
    assert state(cast, "complaint_button").state is Kept.UNMET
    assert "javascript:" not in as_("econ_specialist").get(reverse("visits:list")).content.decode()
    settings.COMPLAINTS = "tel:0571-12345"
    assert state(cast, "complaint_button").state is Kept.MET
    for page in ("visits:list", "visits:hand"):
        assert "tel:0571-12345" in as_("econ_specialist").get(reverse(page)).content.decode()


def test_guobanhan_2026_12_filed_before_going_live(cast, settings):
    settings.FILED_AS = ""
    assert state(cast, "filed").state is Kept.UNMET
    settings.FILED_AS = "浙政移〔2026〕7号"
    assert "浙政移〔2026〕7号" in state(cast, "filed").why


# --- 个人信息保护法 ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("summary", "联系张总13812345678再来"),
        ("met", "330110199001011234"),
        ("next_step", "给 13912345678 回电"),
    ],
)
def test_pipl_5_6_13_the_minimum(cast, field, text):
    visit = visit_of(cast, summary="信用代码 91330100799655058B，注册资本 12345678901 元")
    assert state(cast, "minimum").state is Kept.MET
    Visit.objects.filter(pk=visit.pk).update(**{field: text})
    found = state(cast, "minimum")
    assert found.state is Kept.UNMET
    assert reverse("visits:detail", args=[visit.pk]) in [url for _words, url in found.rows]


def test_pipl_5_6_13_the_minimum_in_what_was_found(cast):
    Finding.objects.create(visit=visit_of(cast), kind="clue", text="电话13812345678")
    assert state(cast, "minimum").state is Kept.UNMET
    assert state(cast, "minimum", "district_operator").state is Kept.UNMET


def test_pipl_5_6_13_the_minimum_is_asked_of_every_field_that_leads_to_a_person(cast, monkeypatch):
    from linqi.kit import privacy

    monkeypatch.setattr(
        privacy, "_declared", {model: said for model, said in privacy._declared.items() if model is not Photo}
    )
    assert "Photo.taken_by" in state(cast, "minimum").why


def test_pipl_14_15_16_29_consent_and_withdrawal(cast, as_):
    visit = visit_of(cast, kind="emergency")
    spot = spot_of(visit)
    assert state(cast, "consent").state is Kept.MET
    Spot.objects.update(agreed="place-0")
    assert state(cast, "consent").state is Kept.UNMET
    colleague = as_("community_secretary")
    colleague.post(reverse("visits:place_withdraw", args=[spot.pk]))
    assert Spot.objects.exists(), "nobody takes back another's"
    mine = as_("governance_specialist")
    assert "撤回" in mine.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    mine.post(reverse("visits:place_withdraw", args=[spot.pk]))
    assert not Spot.objects.exists()
    visit.refresh_from_db()
    assert visit.state == "done", "the visit stands without it"
    photo = photo_of(visit)
    name = photo.file.name
    mine.post(reverse("visits:photo_withdraw", args=[photo.pk]))
    assert not Photo.objects.exists()
    assert name.startswith("visits/")


def test_pipl_17_35_48_notice_and_ones_own_data(cast, settings, as_):
    settings.PRIVACY_CONTACT = ""
    assert state(cast, "notice").state is Kept.UNMET
    settings.PRIVACY_CONTACT = "区数据局 0571-0000"
    assert state(cast, "notice").state is Kept.MET
    visit = visit_of(cast, kind="security", summary="我写的巡查情况")
    spot_of(visit), photo_of(visit, note="配电箱")
    hand.register_device(name="我的手机", by=cast.governance_specialist)
    visit_of(cast, firm="neighbour").__class__.objects.filter(enterprise=cast.neighbour).update(
        visitor=cast.econ_specialist, summary="别人写的"
    )
    mine = as_("governance_specialist")
    page = mine.get(reverse("visits:my_data")).content.decode()
    for told in ("我写的巡查情况", "配电箱", "我的手机", "30.29123", "区数据局", "撤回"):
        assert told in page
    assert "别人写的" not in page
    sheet = b"".join(mine.get(reverse("visits:my_data"), {"export": "xlsx"}).streaming_content)
    rows = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(sheet)).worksheets[0].iter_rows()]
    assert any("我写的巡查情况" in str(cell) for row in rows for cell in row)
    assert Entry.objects.filter(verb="kit.exported", data__what="visits_own").count() == 1
    assert "我写的巡查情况" not in as_("street_leader").get(reverse("visits:my_data")).content.decode()


def test_pipl_19_47_what_has_ended_is_erased(cast):
    visit = visit_of(cast, kind="security")
    assert state(cast, "deletion").state is Kept.UNKNOWN  # it never ran
    photo = photo_of(visit)
    spot_of(visit)
    storage, name = photo.file.storage, photo.file.name
    assert keeping.tick(clock.now()) == 0
    assert state(cast, "deletion").state is Kept.MET
    yesterday = clock.today() - timedelta(days=1)
    Photo.objects.update(erase_on=yesterday), Spot.objects.update(erase_on=yesterday)
    assert state(cast, "deletion").state is Kept.UNMET
    assert storage.exists(name)
    assert keeping.tick(clock.now()) == 0, "once a day"
    assert keeping.tick(clock.now() + timedelta(days=1, minutes=1)) == 2
    assert not storage.exists(name)
    assert (Photo.objects.count(), Spot.objects.count()) == (0, 0)
    assert Entry.objects.filter(verb="visits.data_erased").get().data["photos"] == 1
    Erasure.objects.update(ran_at=clock.now() - timedelta(days=3))
    assert state(cast, "deletion").state is Kept.UNMET


def test_pipl_19_47_terms_have_an_end_whatever_the_operator_says(cast, settings):
    settings.VISIT_PHOTO_DAYS, settings.VISIT_PLACE_DAYS = 9999, 9999
    visit = visit_of(cast, kind="security")
    photo = photo_of(visit)
    spot = keeping.keep_spot(
        visit=visit, said=HERE, agreed=patrol.AGREED, taken_on=clock.today(), by=cast.governance_specialist
    )
    assert photo.erase_on == clock.today() + timedelta(days=patrol.LONGEST_PHOTO_DAYS)
    assert spot.erase_on == clock.today() + timedelta(days=patrol.LONGEST_PLACE_DAYS)


def test_pipl_19_47_a_picture_that_belongs_to_nothing_goes_too(cast, tmp_path):
    import os

    stray = tmp_path / "visits" / "2026" / "03" / "stray.jpg"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(jpeg())
    kept = photo_of(visit_of(cast))
    assert keeping.erase_ended(now=clock.now()).files == 0, "it may be on its way"
    os.utime(stray, (0, 0))
    os.utime(kept.file.path, (0, 0))
    assert keeping.erase_ended(now=clock.now()).files == 1
    assert not stray.exists()
    assert kept.file.storage.exists(kept.file.name)


def test_pipl_21_who_has_left_keeps_no_device(cast):
    _device, token = hand.register_device(name="手机", by=cast.econ_specialist)
    assert state(cast, "contractors").state is Kept.MET
    cast.econ_specialist.grants.update(until=clock.today())
    assert state(cast, "contractors").state is Kept.UNMET
    device = hand.device_by_token(token)
    assert hand.may_exchange(device) is False, "its token opens nothing from that day"
    assert state(cast, "contractors", "district_operator").state is Kept.UNMET


def test_pipl_21_who_has_left_keeps_no_device_and_roles_of_a_streets_own_count(cast):
    role = RoleRecord.objects.get(code=Role.STREET_LEADER.value)
    role.permissions = [*role.permissions, "visits.record"]
    role.save()
    cast.econ_specialist.grants.all().delete()
    Grant.objects.create(user=cast.econ_specialist, role=role, place=cast.street, since=clock.today())
    Device.objects.create(
        owner=cast.econ_specialist,
        name="手机",
        digest="d",
        registered_at=clock.now(),
        ends_at=clock.now() + timedelta(days=3),
    )
    assert state(cast, "contractors").state is Kept.MET


def test_pipl_24_every_score_explains_itself(cast, as_):
    assert state(cast, "explained").state is Kept.MET
    assert as_("econ_specialist").get(f"{reverse('visits:why')}?enterprise={cast.firm.pk}").status_code == 200
    MustVisitRule.objects.filter(reason="at_risk").update(source=" ")
    from linqi.visits import standing

    standing.forget()
    assert state(cast, "explained").state is Kept.UNMET


@pytest.mark.parametrize("said", ["", "影评〔2026〕3号", "影评 2026-13-40", "影评 2099-01-01"])
def test_pipl_28_30_55_56_a_place_is_sensitive(cast, settings, as_, said):
    settings.IMPACT_ASSESSMENT = said
    assert state(cast, "assessed").state is Kept.UNMET
    settings.IMPACT_ASSESSMENT = "影评〔2026〕3号 2026-02-01"
    assert state(cast, "assessed").state is Kept.MET


def test_pipl_28_30_55_56_a_place_is_sensitive_and_who_looks_is_remembered(cast, as_):
    spot = spot_of(visit_of(cast, kind="security"))
    assert as_("community_secretary").post(reverse("visits:place", args=[spot.pk])).status_code == 200
    assert Entry.objects.filter(verb="visits.place_read").count() == 1
    for who in ("econ_specialist", "street_leader", "stranger", "enterprise_user", "nobody"):
        assert as_(who).post(reverse("visits:place", args=[spot.pk])).status_code in {403, 404}
    assert (
        "30.29123"
        not in as_("community_secretary").get(reverse("visits:detail", args=[spot.visit_id])).content.decode()
    )


def test_pipl_36_37_nothing_is_fetched_from_elsewhere(cast, settings, as_):
    assert state(cast, "at_home").state is Kept.UNKNOWN  # where the server stands cannot be seen from inside
    policy = as_("econ_specialist").get(reverse("visits:list"))["Content-Security-Policy"]
    assert "http" not in policy
    directives = {**settings.CONTENT_SECURITY_POLICY["DIRECTIVES"], "img-src": ["https://tiles.example.com"]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
    found = state(cast, "at_home")
    assert found.state is Kept.UNMET
    assert "tiles.example.com" in found.why


def test_pipl_51_54_57_a_lost_device_is_stopped(cast):
    assert state(cast, "measures").state is Kept.MET
    device, token = hand.register_device(name="丢了的手机", by=cast.econ_specialist)
    hand.revoke_device(device=device, by=cast.econ_specialist)
    assert state(cast, "measures").state is Kept.MET, "it never fetched anything"
    Device.objects.update(seen_at=clock.now())
    found = state(cast, "measures")
    assert found.state is Kept.UNKNOWN
    assert "丢了的手机" in found.rows[0][0]
    hand.may_exchange(hand.device_by_token(token))  # it came once more and was told to forget
    assert state(cast, "measures").state is Kept.MET
    Device.objects.update(revoked_at=None, wiped_at=None, ends_at=clock.now() - timedelta(days=1))
    assert state(cast, "measures").state is Kept.UNKNOWN, "its registration has ended"


# --- the page ---------------------------------------------------------------------------------------------------------
def test_every_article_has_a_test_of_its_name():
    here = {node.name for node in ast.parse(Path(__file__).read_text()).body if isinstance(node, ast.FunctionDef)}
    for article in ARTICLES:
        assert article.proof
        for proof in article.proof:
            path, _colon, name = proof.partition("::")
            assert (ROOT / path) == Path(__file__)
            assert name in here


def test_no_article_is_claimed_that_the_page_of_rules_does_not_name():
    page = (ROOT / "docs" / "rules" / "law_of_visits.md").read_text()
    for article in ARTICLES:
        assert f"`{article.key}`" in page
        assert str(article.article) in page


def test_the_page_lists_each_article_with_its_state_and_can_be_taken_along(cast, as_):
    browser = as_("street_leader")
    page = browser.get(reverse("visits:check")).content.decode()
    for article in ARTICLES:
        assert f'id="{article.key}"' in page
    for label in ("做到", "没做到", "不能判断"):
        assert label in page
    assert "data-print" in page
    sheet = b"".join(browser.get(reverse("visits:check"), {"export": "xlsx"}).streaming_content)
    rows = list(load_workbook(io.BytesIO(sheet)).worksheets[0].iter_rows(values_only=True))
    assert len([row for row in rows if any("test_law_visits" in str(cell) for cell in row)]) == len(ARTICLES)
    assert Entry.objects.filter(verb="kit.exported", data__what="visits_check").count() == 1


@pytest.mark.parametrize("who", ["econ_specialist", "enterprise_user", "nobody", "property_manager"])
def test_the_page_is_for_who_runs_the_street(cast, as_, who):
    assert as_(who).get(reverse("visits:check")).status_code == 403


def test_another_street_counts_for_its_own_leader_only(cast):
    far = visit_of(cast, firm="far_firm", summary="13812345678")
    spot_of(far)
    assert state(cast, "minimum").state is Kept.MET
    assert state(cast, "no_track").state is Kept.MET
    assert state(cast, "no_track", "district_operator").state is Kept.UNMET
