"""The catalogue: nine windows, defaults that can be edited and then stay edited."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from linqi.catalogue import actions
from linqi.catalogue.guides import Material, read_materials, written
from linqi.catalogue.intake import default_windows
from linqi.catalogue.models import CaseClass, Category, Service, Window
from linqi.journal.models import Entry
from linqi.kit.access import Role
from linqi.organisation.intake import default_departments


def test_nine_windows_each_with_services_and_three_categories_or_more():
    rows = default_windows()
    assert [row.number for row in rows] == list(range(1, 10))
    for row in rows:
        assert row.owner_role in Role.values
        assert {basic for _name, basic in row.services} == {True, False}
        assert len(row.categories) >= 3
    codes = [category.code for row in rows for category in row.categories]
    assert len(codes) == len(set(codes))
    sections = {code for code, _name in default_departments()}
    for row in rows:
        for category in row.categories:
            assert category.department_code in sections
            assert category.case_class in CaseClass.values


def test_seeding_again_changes_nothing(db):
    before = [list(model.objects.order_by("pk").values()) for model in (Window, Service, Category)]
    assert Window.objects.count() == 9
    actions.seed_catalogue()
    assert [list(model.objects.order_by("pk").values()) for model in (Window, Service, Category)] == before


def edit(category, by, **changes):
    asked = {
        "name": category.name,
        "window": category.window,
        "department_code": category.department_code,
        "case_class": CaseClass(category.case_class),
        "offered": category.offered,
        **changes,
    }
    return actions.edit_category(category=category, **asked, by=by)


def test_what_the_district_edited_no_longer_follows_the_product(cast):
    category = Category.objects.get(code="loans")
    edit(category, cast.district_operator, name="贷款与续贷")
    actions.seed_catalogue()
    category.refresh_from_db()
    assert (category.name, category.is_default) == ("贷款与续贷", False)
    assert Entry.objects.get(verb="catalogue.category_edited").data["after"] == {"name": "贷款与续贷"}


@pytest.mark.parametrize("who", ["street_leader", "econ_specialist", "enterprise_user", "stranger", "nobody"])
def test_editing_is_the_districts(cast, who):
    with pytest.raises(PermissionDenied):
        edit(Category.objects.get(code="loans"), cast.users[who], name="改一改")


def test_pages(client, cast):
    client.force_login(cast.district_operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("catalogue:windows")).content.decode()
    assert "产品默认" in page
    assert "金融服务之窗" in page
    category = Category.objects.get(code="loans")
    address = reverse("catalogue:category", args=[category.pk])
    assert client.get(address).status_code == 200
    client.post(
        address,
        {
            "name": "贷款",
            "window": category.window_id,
            "department_code": "economy",
            "case_class": "request",
            "offered": "on",
        },
    )
    category.refresh_from_db()
    assert category.name == "贷款"
    client.force_login(cast.econ_specialist, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(address).status_code == 403


# --- guides -----------------------------------------------------------------------------------------------------------
def test_what_may_come_later_is_told_apart():
    assert read_materials("营业执照\n\n 租赁合同（可容缺）\n申请表 (later)\n可容缺\n营业执照") == [
        Material("营业执照"),
        Material("租赁合同", later=True),
        Material("申请表", later=True),
        Material("可容缺"),
    ]


@given(
    st.lists(
        st.builds(
            Material, st.text("甲乙丙丁（）", min_size=1, max_size=5).filter(lambda t: t.strip("（()）")), st.booleans()
        )
    )
)
def test_materials_are_read_as_they_are_written(materials):
    once = list({one.name: one for one in read_materials(written(materials))}.values())
    assert read_materials(written(once)) == once


def test_a_guide_is_written_by_who_may_and_read_by_everybody(cast, client):
    service = Service.objects.first()
    address = reverse("catalogue:guide", args=[service.pk])
    client.force_login(cast.district_operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    said = {
        "materials": "营业执照\n租赁合同（可容缺）",
        "steps": "申请\n审核",
        "limit": "5 个工作日",
        "category": service.window.categories.first().pk,
    }
    client.post(address, said)
    client.post(address, said | {"fee": "不收费"})
    assert "不收费" in client.get(address).content.decode()
    client.force_login(cast.enterprise_user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("catalogue:service", args=[service.pk])).content.decode()
    for word in ("租赁合同", "先受理，后补交", "审核", "5 个工作日", "提这项诉求"):
        assert word in page
    assert client.post(address, said).status_code == 403
    with pytest.raises(PermissionDenied):
        actions.write_guide(service=service, materials=[], steps=[], by=cast.street_leader)
