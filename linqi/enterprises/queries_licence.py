"""What the registry says to a licence that was read 执照与名录比对."""

from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz import process
from rapidfuzz.distance import Indel

from linqi.enterprises.models import Enterprise, EntityType
from linqi.enterprises.queries import (
    enterprises_seen_by,
    sees_all_names,
    shown_name,
    survivor_of,
    whereabouts,
    with_whereabouts,
)
from linqi.enterprises.rules.licence import LicenceFound
from linqi.enterprises.rules.names import name_key
from linqi.kit.access import seen_by

LIKE_FROM: Final = 0.75  # share of letters in common from which a name is shown as similar; product default
MOST_LIKE: Final = 5


@dataclass(frozen=True, slots=True)
class InRegistry:
    """An enterprise of the registry beside what was read; `name`: as this user may read it.

    `same_name`: None when no name was read; `code`: the code by which it was found, empty when it was found by name.
    `likeness`: share of letters in common, 0 to 1. `marked`: the name in runs of letters, each with whether the licence has
    them too; `marked_read`: the name on the licence likewise; both empty when the name is masked.
    """

    pk: int
    name: str
    uscc: str
    where: str
    code: str
    same_name: bool | None
    likeness: float
    marked: tuple[tuple[str, bool], ...] = ()
    marked_read: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class RegistrySays:
    """What the registry says: found by the accepted code, by proposed ones, or only by similar names."""

    by_code: tuple[InRegistry, ...] = ()
    by_proposal: tuple[InRegistry, ...] = ()
    by_name: tuple[InRegistry, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the user sees no enterprise that it could be."""
        return not (self.by_code or self.by_proposal or self.by_name)


def registry_says(found: LicenceFound, user: Any) -> RegistrySays:
    """The enterprises this user sees that the licence may be of 名录比对.

    Names are compared only when no code leads to an enterprise: with all names the user sees, in memory.
    """
    code = found.code
    if code.accepted and (by_code := _of_codes([code.code], found, user)):
        return RegistrySays(by_code=by_code)
    return RegistrySays(by_proposal=_of_codes(code.proposed, found, user), by_name=_of_name(found, user))


def _of_codes(codes: Any, found: LicenceFound, user: Any) -> tuple[InRegistry, ...]:
    """Those with one of these codes; a record that was merged leads to the one that is left."""
    seen = seen_by(user, Enterprise).filter(uscc__in=list(codes)).select_related("merged_into")
    stands = {survivor_of(one).pk: one.uscc for one in seen}
    return _shown(stands, found, user)


def _of_name(found: LicenceFound, user: Any) -> tuple[InRegistry, ...]:
    key = name_key(found.name.text)
    if len(key) < 4:
        return ()
    rows = enterprises_seen_by(user)
    if not sees_all_names(user):  # nobody finds by a photograph what the mask hides
        rows = rows.exclude(entity_type=EntityType.SELF_EMPLOYED.value)
    names = dict(rows.order_by().values_list("pk", "name_key"))
    like = process.extract(key, names, scorer=Indel.normalized_similarity, score_cutoff=LIKE_FROM, limit=MOST_LIKE)
    found_rows = _shown({pk: "" for _name, _share, pk in like}, found, user)
    return tuple(sorted(found_rows, key=lambda one: -one.likeness))


def _shown(stands: dict[int, str], found: LicenceFound, user: Any) -> tuple[InRegistry, ...]:
    rows = with_whereabouts(enterprises_seen_by(user).filter(pk__in=stands), user)
    return tuple(_beside(one, stands[one.pk], found, user) for one in rows)


def _beside(one: Enterprise, code: str, found: LicenceFound, user: Any) -> InRegistry:
    name, read = shown_name(one, user), name_key(found.name.text)
    share = Indel.normalized_similarity(one.name_key, read) if read else 0.0
    same = one.name_key == read if read else None
    where = "；".join(dict.fromkeys(whereabouts(stay) for stay in one.stays))  # type: ignore[attr-defined]
    told = bool(read) and not same and name == one.name
    marked = (_marked(name, found.name.text), _marked(found.name.text, name)) if told else ((), ())
    return InRegistry(one.pk, name, one.uscc, where, code, same, share, *marked)


def _marked(name: str, other: str) -> tuple[tuple[str, bool], ...]:
    """The letters of one name in runs, each with whether the other has them too."""
    steps = Indel.opcodes(other.translate(_BRACKETS), name.translate(_BRACKETS))
    return tuple(
        (name[step.dest_start : step.dest_end], step.tag == "equal")
        for step in steps
        if step.dest_end > step.dest_start
    )


_BRACKETS: Final = str.maketrans("()", "（）")
