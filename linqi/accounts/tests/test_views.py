"""Pages of users and roles: what is offered, what is shown once, what is refused."""

import re

from linqi.accounts.models import RoleRecord, User


def test_a_leader_makes_a_user_and_sees_the_password_once(client, cast):
    client.force_login(cast.street_leader)
    page = client.get("/accounts/users/new/").content.decode()
    assert "前滩街道" in page
    assert "远山街道" not in page
    data = {"username": "wang", "display_name": "王五", "role": "econ_specialist", "place": cast.community.pk}
    answer = client.post("/accounts/users/new/", data)
    assert "no-store" in answer["Cache-Control"]
    password = re.search(r"<code>(\w{14})</code>", answer.content.decode()).group(1)
    made = User.objects.get(username="wang")
    assert made.check_password(password)
    assert password not in client.get(f"/accounts/users/{made.pk}/").content.decode()
    assert "王五" in client.get("/accounts/users/").content.decode()


def test_an_enterprise_user_is_made_by_credit_code(client, cast):
    client.force_login(cast.street_leader)
    data = {"username": "e1", "display_name": "企业一", "role": "enterprise_user", "enterprise": cast.firm.uscc.lower()}
    client.post("/accounts/users/new/", data)
    assert User.objects.get(username="e1").grants.get().enterprise == cast.firm.pk
    far = data | {"username": "e2", "enterprise": cast.far_firm.uscc}
    answer = client.post("/accounts/users/new/", far).content.decode()
    assert "没有这家企业" in answer
    assert not User.objects.filter(username="e2").exists()


def test_what_may_not_be_given_is_refused_in_words(client, cast):
    client.force_login(cast.street_leader)
    data = {"username": "x", "display_name": "x", "role": "district_operator", "place": cast.street.pk}
    assert "超出您自己的权限" in client.post("/accounts/users/new/", data).content.decode()
    data |= {"role": "econ_specialist", "place": cast.far_street.pk}
    client.post("/accounts/users/new/", data)
    data |= {"place": ""}
    assert "须填写此项" in client.post("/accounts/users/new/", data).content.decode()
    data |= {"place": cast.street.pk, "username": "ECON_specialist"}
    assert "已被使用" in client.post("/accounts/users/new/", data).content.decode()
    assert not User.objects.filter(username="x").exists()


def test_a_role_is_given_and_taken_back_on_the_page(client, cast):
    client.force_login(cast.street_leader)
    path = f"/accounts/users/{cast.econ_specialist.pk}/"
    data = {"role": "governance_specialist", "place": cast.park.pk, "since": "2030-01-01", "until": "2031-01-01"}
    assert client.post(path, data).status_code == 302
    grant = cast.econ_specialist.grants.get(role__code="governance_specialist")
    assert "不在有效期" in client.get(path).content.decode()
    client.post(f"/accounts/grants/{grant.pk}/end/")
    assert not cast.econ_specialist.grants.filter(pk=grant.pk).exists()


def test_users_out_of_reach_are_not_there(client, cast):
    client.force_login(cast.street_leader)
    assert client.get(f"/accounts/users/{cast.stranger.pk}/").status_code == 404
    for what in ("switch", "password"):
        assert client.post(f"/accounts/users/{cast.stranger.pk}/{what}/").status_code == 404
    assert client.post(f"/accounts/grants/{cast.stranger.grants.get().pk}/end/").status_code == 404
    assert "stranger" not in client.get("/accounts/users/").content.decode()


def test_a_password_is_reset_and_the_account_switched_off_and_on(client, cast):
    client.force_login(cast.street_leader)
    path = f"/accounts/users/{cast.econ_specialist.pk}/"
    password = re.search(r"<code>(\w{14})</code>", client.post(path + "password/").content.decode()).group(1)
    assert User.objects.get(username="econ_specialist").check_password(password)
    client.post(path + "switch/")
    assert not User.objects.get(username="econ_specialist").is_active
    client.post(path + "switch/")
    assert User.objects.get(username="econ_specialist").is_active


def test_roles_are_edited_by_the_district_only(client, cast):
    client.force_login(cast.street_leader)
    assert client.get("/accounts/roles/").status_code == 403
    client.force_login(cast.district_operator)
    assert "经济发展专员" in client.get("/accounts/roles/").content.decode()
    path = "/accounts/roles/econ_specialist/"
    assert "管理账号" in client.get(path).content.decode()
    client.post(path, {"permissions": ["territory.see"]})
    role = RoleRecord.objects.get(code="econ_specialist")
    assert (role.permissions, role.edited) == (["territory.see"], True)
    assert "未知的项目" in client.post(path, {"permissions": ["no.such"]}).content.decode()
    client.post(path, {"restore": "1"})
    role.refresh_from_db()
    assert not role.edited


def test_everybody_corrects_their_own_name_and_nothing_else(client, cast):
    client.force_login(cast.nobody)
    assert client.get("/accounts/users/").status_code == 403
    data = {"display_name": "赵六", "email": "z@example.cn", "is_superuser": "1", "username": "root"}
    assert client.post("/accounts/profile/", data).status_code == 302
    user = User.objects.get(pk=cast.nobody.pk)
    assert (user.display_name, user.email, user.username, user.is_superuser) == ("赵六", "z@example.cn", "nobody", 0)


def test_the_list_costs_no_more_with_more_users(client, cast, django_assert_max_num_queries):
    client.force_login(cast.district_operator)
    with django_assert_max_num_queries(14):
        client.get("/accounts/users/")
