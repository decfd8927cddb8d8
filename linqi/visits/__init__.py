"""Whom we must go and see, and what was found 走访."""
