"""Pages of cases: the desk, the enterprise's own portal, the street's tables."""
