"""Narrowing a list to a place and what stands below it 空间筛选."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from linqi.enterprises import queries
from linqi.kit import access
from linqi.territory.models import Place
from linqi.ui.asked import an_id
from linqi.ui.tables import Choose


@dataclass(frozen=True)
class AtPlace(Choose):
    """At or below a place: one of the choices, or any other place the user sees, named by its id."""

    user: Any = None

    def read(self, query: QueryDict) -> list[str]:
        asked = query.get(self.key, "")
        if not an_id(asked):
            return []
        if any(value == asked for value, _label in self.pairs()):
            return [asked]
        return [asked] if access.seen_by(self.user, Place).filter(pk=int(asked)).exists() else []

    def narrow(self, rows: QuerySet[Any], values: list[str]) -> QuerySet[Any]:
        return self.apply(rows, values) if self.apply else queries.below_place(rows, int(values[0]))

    def label(self, value: str) -> str:
        known = super().label(value).strip()
        if known != value:
            return known
        found = access.seen_by(self.user, Place).filter(pk=int(value)).first()
        return str(found) if found else value
