"""The door: passwords, throttling, the second factor, sessions, and what the journal hears of it."""

import hashlib
import hmac
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import identify_hasher
from django.core.cache import cache
from django.test import Client

from linqi.accounts.actions import create_user
from linqi.accounts.models import User
from linqi.journal.models import Entry
from linqi.journal.verbs import Verb
from linqi.kit.access import SYSTEM, Role

PASSWORD = "a-long-Enough-1"
LOGIN = "/accounts/login/"


@pytest.fixture
def secretary(cast):
    """A secretary with a password of her own; the counters of throttling start at nought."""
    cache.clear()
    cast.community_secretary.set_password(PASSWORD)
    cast.community_secretary.save()
    return cast.community_secretary


def sign_in(client, username="community_secretary", password=PASSWORD, to=""):
    return client.post(LOGIN + (f"?next={to}" if to else ""), {"login": username, "password": password})


def code(secret, at=None):
    """RFC 6238, written out: the oracle."""
    import base64

    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int((at or time.time()) // 30)), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def verbs():
    return list(Entry.objects.order_by("pk").values_list("verb", flat=True))


def test_the_right_password_opens_and_the_journal_hears_of_it(client, secretary):
    answer = sign_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    entry = Entry.objects.get(verb=Verb.SIGNED_IN)
    assert (entry.actor, entry.subject_id, entry.place) == (secretary.pk, secretary.pk, secretary.grants.get().place_id)
    client.post("/accounts/logout/")
    assert verbs() == [Verb.SIGNED_IN, Verb.SIGNED_OUT]
    assert client.get("/accounts/profile/").status_code == 302


def test_a_wrong_password_is_told_and_what_was_typed_is_kept_nowhere(client, secretary):
    answer = sign_in(client, password="a-secret-typo")
    assert answer.status_code == 200
    assert "不正确" in answer.content.decode()
    assert verbs() == [Verb.SIGN_IN_REFUSED]
    assert "a-secret-typo" not in str(list(Entry.objects.values()))
    sign_in(client, username="a-password-in-the-wrong-box")
    assert "wrong-box" not in str(list(Entry.objects.values()))


def test_five_wrong_passwords_shut_the_door_even_to_the_right_one(client, secretary):
    for _ in range(5):
        sign_in(client, password="wrong")
    answer = sign_in(client)
    assert answer.status_code in {200, 429}
    assert "次数过多" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert User.objects.get(pk=secretary.pk).last_login is None


def test_throttling_counts_in_the_database_for_all_processes(settings):
    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")


def test_passwords_are_hashed_with_argon2(settings, db):
    from linqi.config import settings as ours

    settings.PASSWORD_HASHERS = ours.PASSWORD_HASHERS
    user = User(username="x")
    user.set_password(PASSWORD)
    assert identify_hasher(user.password).algorithm == "argon2"


@pytest.mark.parametrize("bad", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"])
def test_sign_in_leads_nowhere_outside(client, secretary, bad):
    assert sign_in(client, to=bad)["Location"] == "/"


def test_sign_in_leads_where_one_was_going(client, secretary):
    assert client.get("/journal/")["Location"] == f"{LOGIN}?next=/journal/"
    assert sign_in(client, to="/journal/")["Location"] == "/journal/"


def test_nobody_signs_up(client, db):
    assert client.get("/accounts/signup/").status_code == 404
    assert client.get("/accounts/password/reset/").status_code == 404


def test_a_disabled_user_stays_outside(client, secretary):
    User.objects.filter(pk=secretary.pk).update(is_active=False)
    sign_in(client)
    assert "_auth_user_id" not in client.session


def test_a_one_time_password_opens_only_the_page_where_it_is_changed(client, cast):
    cache.clear()
    _, once = create_user(username="new", display_name="新人", role=Role.ECON_SPECIALIST, place=cast.street, by=SYSTEM)
    sign_in(client, "new", once)
    for path in ("/", "/notices/", "/accounts/profile/"):
        assert client.get(path)["Location"] == "/accounts/password/change/"
    assert "HX-Redirect" in client.get("/notices/bell/", headers={"HX-Request": "true"})
    page = client.get("/accounts/password/change/")
    assert "一次性密码" in page.content.decode()
    data = {"oldpassword": once, "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/password/change/", data).status_code == 302
    assert client.get("/accounts/profile/").status_code == 200
    assert verbs()[-1] == Verb.PASSWORD_SET


def test_the_second_factor_from_setting_it_up_to_a_recovery_code(client, secretary, django_capture_on_commit_callbacks):
    sign_in(client)
    path = "/accounts/2fa/totp/activate/"
    assert client.get(path)["Location"].startswith("/accounts/reauthenticate/"), "the password is asked for once more"
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": path})
    page = client.get(path)
    assert "data:image/svg+xml" in page.content.decode()
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        client.post(path, {"code": code(secret)})
    assert Authenticator.objects.filter(user=secretary, type="totp").exists()
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    client.post("/accounts/logout/")

    asked = sign_in(client)
    assert asked["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/accounts/profile/").status_code == 302
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert client.get("/accounts/profile/").status_code == 200
    heard = verbs()
    assert heard.count(Verb.SECOND_FACTOR_CHANGED) == 2, "the codes of the app, and the recovery codes"
    assert Verb.SIGN_IN_REFUSED in heard
    assert Entry.objects.filter(verb=Verb.SIGNED_IN).count() == 2

    again = Client()
    sign_in(again)
    assert again.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 200, "a code counts once"


def test_whoever_manages_accounts_can_be_held_to_a_second_factor(client, cast, settings):
    cache.clear()
    settings.REQUIRE_SECOND_FACTOR = True
    client.force_login(cast.street_leader)
    assert client.get("/accounts/users/")["Location"] == "/accounts/2fa/totp/activate/"
    TOTP.activate(cast.street_leader, generate_totp_secret())
    assert client.get("/accounts/users/").status_code == 200
    other = Client()
    other.force_login(cast.econ_specialist)
    assert other.get("/accounts/profile/").status_code == 200


def test_sessions_are_listed_and_ended_one_by_one_or_all_but_this(client, secretary):
    others = [Client(headers={"User-Agent": f"Phone {n}"}) for n in range(3)]
    for one in (client, *others):
        sign_in(one)
        assert one.get("/accounts/profile/").status_code == 200
    page = client.get("/accounts/sessions/").content.decode()
    assert page.count("Phone ") == 3
    first = UserSession.objects.get(user_agent="Phone 0")
    client.post("/accounts/sessions/", {"session": first.pk})
    assert others[0].get("/accounts/profile/").status_code == 302
    assert others[1].get("/accounts/profile/").status_code == 200
    client.post("/accounts/sessions/", {})
    assert others[1].get("/accounts/profile/").status_code == 302
    assert client.get("/accounts/profile/").status_code == 200
    assert verbs().count(Verb.SESSION_REVOKED) == 2


def test_nobody_ends_a_session_of_somebody_else(client, cast, secretary):
    cast.stranger.set_password(PASSWORD)
    cast.stranger.save()
    other = Client()
    sign_in(other, "stranger")
    session = UserSession.objects.get(user=cast.stranger)
    sign_in(client)
    assert client.post("/accounts/sessions/", {"session": session.pk}).status_code == 404
    assert other.get("/accounts/profile/").status_code == 200


def test_the_language_is_remembered_from_one_device_to_the_next(client, secretary):
    sign_in(client)
    client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    assert User.objects.get(pk=secretary.pk).language == "en"
    other = Client()
    sign_in(other)
    assert other.cookies["django_language"].value == "en"
