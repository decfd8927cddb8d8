"""Pages of the ladder: board, list, one firm, moves to confirm, standards."""
