"""States and moves as one frozen table 流程."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property


class MoveRefused(Exception):
    """A move that the present state does not allow; says which moves are open."""

    def __init__(self, move: str, state: str, open_moves: list[str]) -> None:
        self.move, self.state, self.open_moves = move, state, open_moves
        super().__init__(f"{move} is not possible from {state}; possible: {', '.join(open_moves) or 'nothing'}.")


@dataclass(frozen=True)
class Flow:
    """The life of a thing: where it starts, and which moves lead from which states to which.

    `moves`: the name of each move with the states it may start from and the state it ends in. A table in which a state cannot
    be reached from the start is refused when it is made (ValueError).
    """

    start: str
    moves: Mapping[str, tuple[Set[str], str]]

    def __post_init__(self) -> None:
        if lost := self.states - self._reachable():
            raise ValueError(f"No way leads from {self.start} to: {', '.join(sorted(lost))}.")

    @cached_property
    def states(self) -> frozenset[str]:
        """Every state of the table."""
        return frozenset({self.start}).union(*(sources | {target} for sources, target in self.moves.values()))

    @cached_property
    def terminal(self) -> frozenset[str]:
        """States that no move leaves."""
        return self.states.difference(*(sources for sources, target in self.moves.values()))

    def open_moves(self, state: str) -> list[str]:
        """The moves that are possible from a state, in the order of the table."""
        return [move for move, (sources, _target) in self.moves.items() if state in sources]

    def after(self, move: str, state: str) -> str:
        """The state a move leads to; MoveRefused when it is not possible from here."""
        sources, target = self.moves[move]
        if state not in sources:
            raise MoveRefused(move, state, self.open_moves(state))
        return target

    def as_mermaid(self) -> str:
        """The table as a Mermaid state diagram, for the documentation."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.start}"]
        for move, (sources, target) in self.moves.items():
            lines += [f"    {source} --> {target}: {move}" for source in sorted(sources)]
        return "\n".join(lines)

    def _reachable(self) -> set[str]:
        found, waiting = {self.start}, [self.start]
        while waiting:
            state = waiting.pop()
            fresh = {target for sources, target in self.moves.values() if state in sources} - found
            found |= fresh
            waiting += fresh
        return found
