"""Components say what they mean: in every state, in both languages, without a trace of a zero that is not known."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from linqi.kit import access, clock
from linqi.ui import gallery, menu, parts, views
from linqi.ui.context import Shell


def draw(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


def test_an_unknown_number_is_never_zero():
    html = draw('{% stat "满意率" None "/rows/" "%" %}')
    assert "未知" in html
    assert "href" not in html
    assert "0" not in html


def test_zero_is_a_number_that_opens_to_its_rows():
    html = draw('{% stat "空置" 0 "/rows/" "间" %}')
    assert 'href="/rows/"' in html
    assert ">0<" in html


def test_a_badge_says_its_state_in_words_and_has_only_known_colours():
    assert draw('{% badge "已办结" "good" %}') == '<span class="lq-badge lq-good">已办结</span>'
    assert "lq-plain" in draw('{% badge "<b>" "evil" %}')


@pytest.mark.parametrize(
    ("days", "done", "tone"),
    [
        pytest.param(-3, False, "lq-bad", id="overdue"),
        pytest.param(1, False, "lq-warn", id="soon"),
        pytest.param(9, False, "lq-plain", id="later"),
        pytest.param(-3, True, "lq-quiet", id="finished things are not overdue"),
    ],
)
def test_a_deadline_says_how_it_stands(days, done, tone):
    assert f"lq-deadline {tone}" in draw(
        "{% deadline due done=done %}", due=clock.now() + timedelta(days=days), done=done
    )


def test_a_deadline_explains_itself_when_it_can():
    assert "次日起算" in draw("{% deadline due why=why %}", due=clock.now(), why="次日起算")
    assert "<details" not in draw("{% deadline due %}", due=clock.now())
    assert "未定期限" in draw("{% deadline None %}")


def test_a_chart_carries_its_table_and_gaps_are_not_zero():
    chart = parts.Chart("c", "图", ["甲", "乙"], [parts.Series("数", [3, None])], links=["/a/"])
    html = render_to_string("ui/components/chart.html", {"chart": chart})
    assert 'id="c-data"' in html
    assert "<table" in html
    assert "未知" in html
    assert 'href="/a/"' in html


def test_a_map_carries_its_list():
    spot = parts.Spot("一号楼", 30.29, 120.0, "/b/", text="12 家")
    html = render_to_string("ui/components/map.html", {"map": parts.Map("m", "地图", spots=[spot])})
    assert 'href="/b/"' in html
    assert "12 家" in html


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_gallery_draws_every_component(django_user_model, client, language):
    client.force_login(django_user_model.objects.create_user(username="someone"))
    client.cookies["django_language"] = language
    response = client.get("/ui/")
    assert response.status_code == 200
    html = response.content.decode()
    for name in (
        "lq-stat",
        "lq-table",
        "lq-timeline",
        "lq-facts",
        "lq-floors",
        "lq-tree",
        "lq-chart",
        "lq-map",
        "lq-upload",
    ):
        assert name in html, name


@pytest.mark.django_db
def test_progress_asks_again_until_it_is_full(django_user_model, client):
    client.force_login(django_user_model.objects.create_user(username="someone"))
    assert b"hx-get" in client.get("/ui/progress/?done=6390").content
    assert b"hx-get" not in client.get("/ui/progress/?done=31950").content
    assert client.get("/ui/progress/?done=x").status_code == 200


@pytest.mark.parametrize(
    ("view", "status"),
    [
        pytest.param(views.bad_request, 400, id="400"),
        pytest.param(views.forbidden, 403, id="403"),
        pytest.param(views.not_found, 404, id="404"),
        pytest.param(views.csrf_failure, 403, id="an old form"),
        pytest.param(views.server_error, 500, id="500"),
    ],
)
def test_an_error_page_is_drawn_for_somebody_unknown(view, status, settings):
    request = RequestFactory().get("/somewhere/")
    request.user = AnonymousUser()
    response = view(request)
    assert response.status_code == status
    assert str(status) in response.content.decode()


@pytest.fixture
def empty_menu(monkeypatch):
    monkeypatch.setattr(menu, "_items", {})
    monkeypatch.setattr(menu, "_unread", [])
    monkeypatch.setattr(menu, "_demo", [])
    monkeypatch.setitem(access.PERMISSIONS, "ui.test", access.Permission("ui.test", "", ()))


class _User:
    is_authenticated = True
    is_active = True
    pk = 1


def _shell(path="/ui/", permissions=()):
    request = RequestFactory().get(path)
    request.user = _User()
    request.user._reach = access.Reach(request.user, (access.Held("x", frozenset(permissions), place=1),))
    return Shell(request)


def test_a_group_of_the_menu_stays_together_where_its_first_entry_stands(empty_menu):
    for key, order, group in (("a", 1, "设置"), ("b", 2, "组织"), ("c", 3, "设置"), ("d", 4, "组织"), ("e", 0, "")):
        menu.register(menu.MenuItem(key, key, "ui:gallery", "home", order, group=group))
    assert [item.key for item in menu.items()] == ["e", "a", "c", "b", "d"]


def test_the_menu_shows_only_what_the_user_may_open(empty_menu):
    menu.register(menu.MenuItem("free", "甲", "ui:gallery", "home", 2))
    menu.register(menu.MenuItem("guarded", "乙", "ui:progress", "home", 1, "ui.test"))
    assert [entry.key for entry in _shell().menu] == ["free"]
    assert [entry.key for entry in _shell(permissions=["ui.test"]).menu] == ["guarded", "free"]


def test_the_menu_marks_the_entry_that_holds_the_page(empty_menu):
    menu.register(menu.MenuItem("all", "甲", "ui:gallery", "home", 1))
    menu.register(menu.MenuItem("one", "乙", "ui:progress", "home", 2))
    assert [entry.key for entry in _shell("/ui/progress/").menu if entry.active] == ["one"]


def test_an_entry_is_marked_on_the_further_pages_it_holds(empty_menu):
    menu.register(menu.MenuItem("all", "甲", "ui:gallery", "home", 1))
    menu.register(menu.MenuItem("one", "乙", "no:such", "home", 2, holds=("ui:progress",)))
    menu.register(menu.MenuItem("two", "丙", "ui:gallery", "home", 3, holds=("ui:progress",)))
    assert [entry.key for entry in _shell("/ui/progress/").menu if entry.active] == ["two"]


def test_an_entry_without_a_page_is_left_out(empty_menu):
    menu.register(menu.MenuItem("gone", "甲", "no:such", "home", 1))
    assert _shell().menu == []


def test_counts_come_from_whoever_plugged_in(empty_menu):
    assert (_shell().unread, _shell().demo_data) == (0, False)
    menu.unread_counter(lambda user: 7)
    menu.demo_marker(lambda: True)
    assert (_shell().unread, _shell().demo_data) == (7, True)


def test_sample_data_is_made_in_both_languages(rf):
    for language in ("zh-hans", "en"):
        with translation.override(language):
            assert gallery._samples(rf.get("/ui/"))["facts"]


def test_a_message_travels_with_an_htmx_answer():
    import json

    from django.http import HttpResponse

    from linqi.ui.toasts import tell

    response = tell(HttpResponse(), "已保存")
    assert json.loads(response["HX-Trigger"]) == {"linqi:toast": {"text": "已保存", "tone": "success"}}
