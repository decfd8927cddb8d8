"""What the overview pages ask, one file a page."""
