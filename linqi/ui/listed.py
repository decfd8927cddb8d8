"""Rows that stand in memory already, as a table asks for them: narrowed, ordered and cut there 内存列表."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar, overload

from django.db.models import F
from django.db.models.expressions import OrderBy

T = TypeVar("T")


class Listed(Sequence[T], Generic[T]):
    """Some rows in order; `pk`: the attribute that names a row, where it is not called so."""

    def __init__(self, rows: Iterable[T], *, pk: str = "pk") -> None:
        self._rows, self._pk = list(rows), pk

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> list[T]: ...
    def __getitem__(self, at: int | slice) -> T | list[T]:
        return self._rows[at]

    def __len__(self) -> int:
        return len(self._rows)

    def count(self, value: Any = None) -> int:
        """How many there are, as a queryset says it."""
        return len(self._rows)

    def iterator(self, chunk_size: int = 0) -> Iterator[T]:
        """One after the other, as a queryset gives them."""
        return iter(self._rows)

    def where(self, passes: Callable[[T], bool]) -> "Listed[T]":
        """Those that pass."""
        return Listed((one for one in self._rows if passes(one)), pk=self._pk)

    def order_by(self, *names: str | OrderBy) -> "Listed[T]":
        """In the order of some attributes, `-` for descending; what is unknown comes last both ways."""
        ordered = list(self._rows)
        for name in reversed(names):
            if isinstance(name, OrderBy):
                assert isinstance(name.expression, F), "a table orders by plain columns"
                said, descending = str(name.expression.name), bool(name.descending)  # type: ignore[attr-defined]
            else:
                said, descending = name.removeprefix("-"), name.startswith("-")
            ordered = self._unknown_last(ordered, said, descending=descending)
        return Listed(ordered, pk=self._pk)

    def _unknown_last(self, rows: list[T], name: str, *, descending: bool) -> list[T]:
        value = attrgetter(self._named(name))
        known = [row for row in rows if value(row) is not None]
        known.sort(key=value, reverse=descending)
        return [*known, *(row for row in rows if value(row) is None)]

    def _named(self, name: str) -> str:
        return self._pk if name == "pk" else name


def passing(passes: Callable[[Any, list[str]], bool]) -> Callable[[Any, list[str]], Any]:
    """What a `Choose` applies to rows in memory: whether one of them passes for the values chosen."""
    return lambda rows, chosen: rows.where(lambda one: passes(one, chosen))


def holding(*names: str) -> Callable[[Any, str], Any]:
    """What a `Search` applies to rows in memory: those of which one of these attributes holds the text."""
    texts = [attrgetter(name) for name in names]

    def apply(rows: Any, text: str) -> Any:
        wanted = text.casefold()
        return rows.where(lambda one: any(wanted in str(said(one)).casefold() for said in texts))

    return apply
