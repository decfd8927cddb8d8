"""The listing ladder: tiers, distance to the listing standards, cultivation 助企直通车."""
