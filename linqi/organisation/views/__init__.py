"""Pages of departments and link teams."""
