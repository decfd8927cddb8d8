"""One door: dispatch, deadlines, answer, rating 办件."""
