"""What the search engine keeps; the index itself is a table of the database engine (migration 0002)."""
