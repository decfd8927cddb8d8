"""The materials of a guide as people write them, one a line: what, how many, and whether it may come later 材料清单."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

LATER: Final = ("可容缺", "later")  # in brackets at the end of a line: accepted without it, brought later (容缺受理)
BRACKETS: Final = "（()）"


@dataclass(frozen=True, slots=True)
class Material:
    """One thing to bring; `later`: the request is taken in without it and it is brought afterwards 材料."""

    name: str
    later: bool = False


def read_materials(text: str) -> list[Material]:
    """One material a line; empty lines are nothing, the same twice is once."""
    found: dict[str, Material] = {}
    for line in text.splitlines():
        name = " ".join(line.split())
        bare = name.rstrip(BRACKETS)
        word = next((one for one in LATER if bare.endswith(one) and bare[: -len(one)][-1:] in tuple(BRACKETS)), "")
        name = bare[: -len(word)].rstrip(BRACKETS).strip() if word else name
        if name:
            found[name] = Material(name[:200], bool(word) or (name in found and found[name].later))
    return list(found.values())


def written(materials: Iterable[Material]) -> str:
    """The same as lines again."""
    return "\n".join(f"{one.name}（{LATER[0]}）" if one.later else one.name for one in materials)


def as_kept(materials: Iterable[Material]) -> list[dict[str, Any]]:
    """As the database keeps them."""
    return [asdict(one) for one in materials]


def as_read(kept: Iterable[dict[str, Any]]) -> list[Material]:
    """From what the database keeps."""
    return [Material(**one) for one in kept]
