"""Pages of visits: whom to see, the visits, one visit with its findings."""
