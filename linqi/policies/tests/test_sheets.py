"""Conditions leave as a workbook and come back; mistakes are told row by row and change nothing."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from linqi.enterprises.known import book
from linqi.journal.models import Entry
from linqi.kit.sheets import write_xlsx
from linqi.policies import table
from linqi.policies.actions import versions

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(scale, library):
    return versions.draft_version(policy=scale.policy, by=library.econ_specialist)


def workbook(rows):
    file = io.BytesIO()
    write_xlsx(file, [column.title for column in table.SHEET.columns], rows)
    return SimpleUploadedFile("条件.xlsx", file.getvalue())


def test_what_was_downloaded_can_be_uploaded_again(draft, library, client):
    client.force_login(library.econ_specialist)
    answer = client.get(reverse("policies:sheet", args=[draft.pk]))
    said = SimpleUploadedFile("条件.xlsx", b"".join(answer.streaming_content))
    before = draft.conditions
    answer = client.post(reverse("policies:upload_sheet", args=[draft.pk]), {"file": said})
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.conditions == before
    assert Entry.objects.filter(data__what="policy_table").exists()


def test_a_table_with_a_mistake_changes_nothing_and_names_the_row(draft, library, client):
    client.force_login(library.econ_specialist)
    rows = list(table.rows_of(draft.conditions, None, [], book()))
    rows[1][2] = "four_abov"
    answer = client.post(reverse("policies:upload_sheet", args=[draft.pk]), {"file": workbook(rows)})
    assert "第 3 行" in answer.content.decode()
    before = draft.conditions
    draft.refresh_from_db()
    assert draft.conditions == before


def test_a_file_that_is_no_table_is_refused_in_words(draft, library, client):
    client.force_login(library.econ_specialist)
    said = SimpleUploadedFile("条件.xlsx", b"nothing")
    answer = client.post(reverse("policies:upload_sheet", args=[draft.pk]), {"file": said})
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]


@pytest.mark.parametrize("name", ["sheet", "upload_sheet"])
def test_strangers_and_firms_see_no_draft(draft, library, client, name):
    for user in (library.stranger, library.enterprise_user, library.far_enterprise_user):
        client.force_login(user)
        assert client.get(reverse(f"policies:{name}", args=[draft.pk])).status_code in (403, 404)
