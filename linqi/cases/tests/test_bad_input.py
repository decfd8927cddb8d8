"""Whatever is sent: a clear refusal or the text as it was written, never a fault, never a script, nothing leaked."""

import re
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from linqi.cases import actions
from linqi.cases.models import Case, Source

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
NASTY = {
    "script": SCRIPT,
    "a mebibyte": "长" * 349_526,
    "control characters": "a\x00b\x01c\x08d\x1be\x7ff",
    "emoji": "🏢👩‍💼🇨🇳电梯🛗坏了",
    "Traditional characters": "園區電梯停運，請儘快維修",
    "right to left": "\u202e电梯\u202c \u200f坏了",
    "a formula": '=HYPERLINK("http://evil")',
    "SQL": "'; DROP TABLE cases_case; --",
    "template": "{{ 7*7 }}{% load x %}",
    "half a surrogate": "x\ud800y".encode("utf-8", "replace").decode(),
    "percent signs": "100%(title)s %s %d",
}
FIELDS = ("title", "body", "contact_name", "contact_phone", "said_enterprise")


@pytest.fixture
def as_(client, cast):
    """The browser of one of the cast; a fault of ours is an answer of 500, as for everybody."""
    client.raise_request_exception = False

    def sign_in(who):
        client.force_login(cast.users[who], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def text(answer):
    return answer.content.decode()


class Markup(HTMLParser):
    """What a browser would run of a page: handlers in attributes, scripts written into it, addresses of code."""

    def __init__(self):
        super().__init__()
        self.runs = []

    def handle_starttag(self, tag, attrs):
        """Keep what would run."""
        said = dict(attrs)
        self.runs += [f"{tag} {name}" for name in said if name.startswith("on")]
        self.runs += [f"{tag} {name}" for name in ("href", "src") if (said.get(name) or "").startswith("javascript:")]
        if tag == "script" and "src" not in said and said.get("type") not in ("application/json", "module"):
            self.runs.append(tag)


def harmless(page):
    """Nothing that was sent stands in the page as markup that runs."""
    reader = Markup()
    reader.feed(page)
    assert reader.runs == []


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", NASTY)
def test_any_text_in_any_field_of_a_new_case(as_, cast, street, category, field, kind):
    browser = as_("econ_specialist")
    said = {"way": "desk", "place": cast.building.pk, "category": category.pk, "title": "门口积水", field: NASTY[kind]}
    answer = browser.post(f"{reverse('cases:new')}?enterprise=none", said, follow=True)
    assert answer.status_code == 200
    harmless(text(answer))
    case = Case.objects.first()
    if case is None:
        assert "lq-error" in text(answer)  # refused, and said where
        return
    kept = getattr(case, field)
    assert kept == NASTY[kind].strip() or kind == "control characters"
    for address in (reverse("cases:detail", args=[case.pk]), reverse("cases:sheet", args=[case.pk])):
        harmless(text(browser.get(address)))
    harmless(text(browser.get(reverse("cases:list") + "?cols=number,title")))
    export = browser.get(reverse("cases:list") + "?export=csv&cols=number,title")
    assert b"\n=HYPERLINK" not in b"".join(export.streaming_content)


MOVES = [
    "accept",
    "contact",
    "ask_more",
    "object",
    "add_strand",
    "escalate",
    "send_back",
    "withdraw",
    "merge",
    "route_out",
]


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("kind", ["script", "control characters", "a mebibyte", "percent signs"])
def test_any_text_with_any_move(as_, cast, case, name, kind):
    if name not in {"object", "send_back", "merge", "withdraw"}:
        actions.accept(case=case, by=cast.department_handler)
    browser = as_("econ_specialist")
    said = {
        f"{name}-{field}": value
        for field, value in (
            ("text", NASTY[kind]),
            ("main", NASTY[kind]),
            ("department", cast.safety.pk),
            ("route", "petition"),
        )
    }
    answer = browser.post(reverse("cases:move", args=[case.pk, name]), said, follow=True)
    assert answer.status_code in (200, 400)  # more than a form may hold is refused before it is read
    harmless(text(answer))


IDS = ["0", "-1", "999999999", "9" * 40, "1 OR 1=1", "١", "%00", "null", "1e3"]


@pytest.mark.parametrize("wrong", IDS)
def test_ids_that_are_none_of_ours_change_nothing(as_, cast, street, case, wrong):
    browser = as_("econ_specialist")
    before = Case.objects.values().get(pk=case.pk)
    for name, key in (
        ("place", "place"),
        ("enterprise", "enterprise"),
        ("department", "department"),
        ("window", "window"),
    ):
        assert browser.get(reverse("cases:list"), {key: wrong}).status_code == 200, name
    assert browser.get(reverse("cases:new"), {"enterprise": wrong}).status_code in (200, 404)
    said = {"place": wrong, "category": wrong, "title": "门口积水"}
    assert browser.post(f"{reverse('cases:new')}?enterprise={cast.firm.pk}", said).status_code == 200
    assert browser.post(reverse("cases:similar"), said).status_code == 200
    assert browser.post(reverse("cases:many", args=["watch"]), {"pick": [wrong]}).status_code == 302
    for name in ("redispatch", "merge", "add_strand"):
        said = {f"{name}-department": wrong, f"{name}-main": wrong, f"{name}-text": "因为"}
        assert browser.post(reverse("cases:move", args=[case.pk, name]), said).status_code in (200, 302)
    assert Case.objects.count() == 1
    assert Case.objects.values().get(pk=case.pk) == before


FOREIGN = ["far_unit", "far_building", "far_street"]


@pytest.mark.parametrize("place", FOREIGN)
def test_a_foreign_place_firm_section_or_case_is_as_good_as_none(as_, cast, street, case, category, place):
    actions.seed_defaults(street=cast.far_street, by=cast.district_operator)
    foreign = actions.open_case(
        enterprise=cast.far_firm, category=category, title="别街的事", source=Source.PORTAL, by=cast.far_enterprise_user
    )
    browser = as_("econ_specialist")
    said = {"way": "desk", "place": cast.places[place].pk, "category": category.pk, "title": "门口积水"}
    for firm in ("none", cast.firm.pk):
        assert browser.post(f"{reverse('cases:new')}?enterprise={firm}", said).status_code == 200
    assert browser.post(f"{reverse('cases:new')}?enterprise={cast.far_firm.pk}", said).status_code == 404
    browser.post(reverse("cases:move", args=[case.pk, "redispatch"]), {
        "redispatch-department": cast.far_economy.pk, "redispatch-text": "试试"
    })  # fmt: skip
    browser.post(reverse("cases:move", args=[case.pk, "merge"]), {"merge-main": foreign.number, "merge-text": "试试"})
    case.refresh_from_db()
    assert (case.department, case.state) == (cast.economy, "dispatched")
    assert Case.objects.count() == 2
    page = text(browser.get(reverse("cases:list") + f"?q={foreign.number}"))
    assert "别街的事" not in page


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("大.pdf", b"%PDF-1.7" + b"0" * (50 * 1024 * 1024), "application/pdf"),
        ("病毒.pdf", b"MZ\x90\x00", "application/pdf"),
        ("脚本.png", b"<svg onload=alert(1)>", "image/png"),
        ("a.html", b"<script>alert(1)</script>", "text/html"),
        ("../../etc/passwd.pdf", b"not a pdf", "application/pdf"),
        ("空.pdf", b"", "application/pdf"),
    ],
    ids=["50 MB", "a program", "markup as a picture", "a page", "a path", "nothing in it"],
)
def test_files_that_are_not_what_they_say(as_, cast, case, name, data, kind):
    browser = as_("enterprise_user")
    answer = browser.post(
        reverse("cases:add_files", args=[case.pk]), {"attached": SimpleUploadedFile(name, data, kind)}, follow=True
    )
    assert answer.status_code in (200, 413)
    assert not case.attachments.exists()
    harmless(text(answer))


def test_the_same_rating_link_twice_and_a_made_up_one_answer_alike(client, cast, case):
    actions.accept(case=case, by=cast.department_handler)
    actions.answer(case=case, text="已办好。", by=cast.department_handler)
    actions.close(case=Case.objects.get(), by=cast.department_handler)
    token = actions.make_rating_link(case=Case.objects.get(), by=cast.department_handler)
    address = reverse("cases:rate_by_link", args=[token])
    said = {"stars": "5", "solved": "yes", "comment": SCRIPT}
    assert client.post(address, said).status_code == 200
    again = client.post(address, said | {"stars": "1"})
    made_up = client.get(reverse("cases:rate_by_link", args=["x" * 43]))
    assert (again.status_code, made_up.status_code) == (410, 410)
    strip = re.compile(r'nonce-[^"]+|csrf-token" content="[^"]+"|value="[A-Za-z0-9]{64}"|rate/[\w-]{43}')
    assert strip.sub("", text(again)) == strip.sub("", text(made_up))
    assert Case.objects.get().rating == 5
    client.force_login(cast.econ_specialist, backend="allauth.account.auth_backends.AuthenticationBackend")
    harmless(text(client.get(reverse("cases:detail", args=[case.pk]))))
