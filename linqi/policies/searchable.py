"""How policies are found by the search box: by their names."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linqi.policies.models import Policy
from linqi.policies.queries import policies_seen_by
from linqi.search.registry import Hit, Searchable, register

KIND = "policy"


def streets(user: Any) -> list[int]:
    """The streets whose policies the user sees."""
    return list(policies_seen_by(user).order_by().values_list("street", flat=True).distinct())


def present(user: Any, ids: list[int]) -> list[Hit]:
    """The hits the user may see, in the order found."""
    seen = {policy.pk: policy for policy in policies_seen_by(user).filter(pk__in=ids)}
    return [
        Hit(title=seen[pk].name_zh, detail=_(seen[pk].get_kind_display()), url=reverse("policies:policy", args=[pk]))
        for pk in ids
        if pk in seen
    ]


def rows() -> Iterator[tuple[int, str, list[int]]]:
    """Every policy, for building the index anew."""
    for pk, zh, en, street in Policy.objects.values_list("pk", "name_zh", "name_en", "street").iterator():
        yield pk, f"{zh} {en}", [street]


register(Searchable(KIND, gettext_lazy("惠企政策"), "file-certificate", "policies.see", streets, present, rows))
