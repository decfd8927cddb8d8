"""The search page and the suggestions: what is found is what one may see; and the index can be built anew."""

import io

import pytest
from django.core.management import call_command

from linqi.search.actions import rebuild
from linqi.search.models import Document


@pytest.fixture
def indexed(cast):
    rebuild()
    return cast


@pytest.mark.parametrize("address", ["/search/", "/search/suggest/"])
@pytest.mark.parametrize(
    ("who", "sees"),
    [
        pytest.param("econ_specialist", True, id="a specialist of the street finds its firm"),
        pytest.param("stranger", False, id="a specialist of another street does not"),
        pytest.param("far_enterprise_user", False, id="another firm's user does not"),
    ],
)
def test_a_firm_is_found_by_who_may_see_it(client, indexed, address, who, sees):
    client.force_login(indexed.users[who])
    page = client.get(address, {"q": "晴川"}).content.decode()
    assert ("滨湖<mark>晴川</mark>科技有限公司" in page) is sees
    assert ("科技有限公司" in page) is sees


@pytest.mark.parametrize("question", ["", "   ", "%", "\x00", "'\"*()", "邻" * 5000, "a OR b", "NEAR(晴 川)"])
def test_no_question_breaks_the_page(client, indexed, question):
    client.force_login(indexed.econ_specialist)
    assert client.get("/search/", {"q": question}).status_code == 200


def test_reindex_builds_the_same_index_again(indexed):
    def index():
        return sorted(Document.objects.values_list("kind", "object_id", "text", "words", "streets"))

    before = index()
    assert before
    said = io.StringIO()
    call_command("reindex", stdout=said)
    assert index() == before
    assert "enterprise: 3" in said.getvalue()
