import re
import shutil
import string
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.test import Client
from django.utils.translation import gettext, override

from linqi.accounts.models import User

PROJECT = Path(__file__).resolve().parents[3]
PO = PROJECT / "linqi" / "locale" / "en" / "LC_MESSAGES" / "django.po"
CHINESE = re.compile(r"[\u3400-\u9fff]+")
FULL_WIDTH = re.compile(r"[\u3000-\u303f\uff00-\uffef]")
PERCENT = re.compile(r"%\((\w+)\)[sd]")

NOT_WORDS = re.compile(r"<script.*?</script>|<style.*?</style>|<!--.*?-->", re.DOTALL)
AMOUNTS = {"万", "亿"}  # as amounts are written in registries, and may be typed
GROUPS = {"全部", "任一", "至少", "项", "并非"}  # how the table of conditions names groups, in every language
SHEETS = {"层", "室", "是", "否"}  # as sheets of the registry name floors and rooms, yes and no, and may be typed
IN_ITS_OWN_LANGUAGE = {"中文", "切换到简体中文"}  # the way back to Chinese


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="en", domain="django")


@pytest.fixture
def english(catalogue, request):
    """The compiled catalogue is not kept in git: a page in English needs one that is as new as the words."""
    compiled = PO.with_suffix(".mo")
    written = BytesIO()
    write_mo(written, catalogue)
    if not compiled.exists() or compiled.read_bytes() != written.getvalue():
        beside = compiled.with_name(f"{uuid4()}.mo")
        beside.write_bytes(written.getvalue())
        beside.replace(compiled)
        from django.utils.translation import trans_real

        trans_real._translations.clear()
    with override("en"):
        yield


def words_of(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def sources(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def translations(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def placeholders(text: str) -> set[str]:
    fields = {
        name for _text, name, _spec, _conversion in string.Formatter().parse(re.sub(r"[{}]{2}", "", text)) if name
    }
    return set(PERCENT.findall(text)) | fields


def test_every_word_has_its_english(catalogue):
    assert [message.id for message in words_of(catalogue) if not all(translations(message))] == []
    assert len(words_of(catalogue)) > 1000


def test_no_english_is_a_guess(catalogue):
    assert [message.id for message in words_of(catalogue) if message.fuzzy] == []


def test_placeholders_survive_translation(catalogue):
    changed = [
        (source, text)
        for message in words_of(catalogue)
        for source, text in zip(sources(message), translations(message), strict=True)
        if placeholders(source) != placeholders(text)
    ]
    assert changed == []


def test_english_has_no_full_width_punctuation(catalogue):
    left = [text for message in words_of(catalogue) for text in translations(message) if FULL_WIDTH.search(text)]
    assert left == []


def test_chinese_in_the_english_is_only_what_one_may_type(catalogue):
    told = {
        found for message in words_of(catalogue) for text in translations(message) for found in CHINESE.findall(text)
    }
    assert told <= AMOUNTS | GROUPS | SHEETS


def test_words_begin_and_end_a_line_where_the_source_does(catalogue):
    for message in words_of(catalogue):
        for source, text in zip(sources(message), translations(message), strict=True):
            assert source.startswith("\n") == text.startswith("\n"), source
            assert source.endswith("\n") == text.endswith("\n"), source


def test_labels_of_choices_and_permissions_are_words(catalogue):
    sys.path.insert(0, str(PROJECT / "tools"))
    try:
        import messages
    finally:
        sys.path.pop(0)
    known = {source for message in words_of(catalogue) if not message.context for source in sources(message)}
    assert set(messages.words_kept_as_values()) - known == set()
    told = {message.id for message in words_of(catalogue) if message.context == "journal"}
    assert told == set(messages.acts())


def test_the_catalogue_holds_the_words_of_the_code_and_no_others(catalogue):
    if not shutil.which("xgettext"):
        pytest.skip("GNU gettext is not installed: words cannot be collected")
    collect = "import sys; sys.path.insert(0, 'tools'); import messages; sys.stdout.write(messages.collected())"
    run = subprocess.run([sys.executable, "-c", collect], cwd=PROJECT, capture_output=True, check=True)
    now = read_po(BytesIO(run.stdout), locale="en", domain="django")
    assert {(each.context, *sources(each)) for each in words_of(now)} == {
        (each.context, *sources(each)) for each in words_of(catalogue)
    }


def test_choices_are_offered_in_the_language_of_the_reader(english):
    from linqi.enterprises.models import Enterprise, EntityType, RegistrationStatus

    firm = Enterprise(name="x", entity_type=EntityType.BRANCH, registration_status=RegistrationStatus.ACTIVE)
    assert firm.get_entity_type_display() == "Branch"
    assert dict(EntityType.choices)["company"] == "Company"
    with override("zh-hans"):
        assert firm.get_entity_type_display() == "分支机构"


def test_django_itself_speaks_chinese_to_a_chinese_reader():
    from django import forms

    with override("zh-hans"):
        assert CHINESE.search(str(forms.CharField().error_messages["required"]))
        assert gettext("Monday") == "星期一"


@pytest.mark.django_db
def test_the_sign_in_page_is_english(english):
    assert strangers(Client(headers={"accept-language": "en"}).get("/accounts/login/").content.decode()) == set()


@pytest.mark.parametrize(
    "address",
    ["/", "/enterprises/", "/enterprises/new/", "/enterprises/imports/", "/enterprises/imports/new/", "/enterprises/pairs/",
     "/enterprises/claims/", "/cases/", "/cases/new/", "/visits/", "/visits/must/", "/catalogue/", "/organisation/teams/",
     "/organisation/departments/", "/places/", "/places/list/", "/notices/", "/journal/", "/search/?q=abc", "/wall/", "/map/",
     "/accounts/profile/"],
)  # fmt: skip
def test_a_page_of_the_secretary_is_english(address, cast, english):
    assert strangers(page_of(cast.users["community_secretary"], address)) == set()


@pytest.mark.parametrize(
    "address", ["/cases/tables/", "/accounts/users/", "/accounts/users/new/", "/accounts/roles/", "/ui/"]
)
def test_a_page_of_the_district_operator_is_english(address, cast, english):
    assert strangers(page_of(cast.users["district_operator"], address)) == set()


@pytest.mark.parametrize("address", ["/", "/cases/mine/", "/cases/mine/new/"])
def test_a_page_of_an_enterprise_is_english(address, cast, english):
    assert strangers(page_of(cast.users["enterprise_user"], address)) == set()


def page_of(user: User, address: str) -> str:
    user.language = "en"
    user.save()
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    client.cookies["django_language"] = "en"
    answer = client.get(address, follow=True)
    if answer.status_code == 403:
        pytest.skip(f"{user} may not open {address}")
    assert answer.status_code == 200, address
    return answer.content.decode()


def strangers(html: str) -> set[str]:
    """Chinese on a page beside names that were entered by people: of places, enterprises, users and sections."""
    names = {name for model in named() for name in model.objects.values_list("name", flat=True)}
    names |= set(User.objects.values_list("display_name", flat=True)) - {""}
    said = NOT_WORDS.sub("", html)
    for name in sorted(names | IN_ITS_OWN_LANGUAGE, key=len, reverse=True):
        said = said.replace(name, "")
    return set(CHINESE.findall(said)) - AMOUNTS


def named() -> list:
    from linqi.enterprises.models import Enterprise
    from linqi.organisation.models import Department
    from linqi.territory.models import Place

    return [Place, Enterprise, Department]
