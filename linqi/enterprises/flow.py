"""What can become of a claim and of a proposed pair."""

from typing import Final

from linqi.kit.flow import Flow

CLAIM: Final = Flow(
    start="waiting",
    moves={
        "confirm": (frozenset({"waiting"}), "confirmed"),
        "reject": (frozenset({"waiting"}), "rejected"),
        "undo": (frozenset({"confirmed", "rejected"}), "waiting"),
    },
)

PAIR: Final = Flow(
    start="proposed",
    moves={
        "merge": (frozenset({"proposed"}), "merged"),
        "link": (frozenset({"proposed"}), "linked"),
        "keep_apart": (frozenset({"proposed"}), "apart"),
        "undo": (frozenset({"merged", "linked", "apart"}), "proposed"),
    },
)
