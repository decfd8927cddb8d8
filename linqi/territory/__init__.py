"""Street, community, park, building, floor, unit: a dated tree that can be redrawn 空间."""
