"""The desk of today, one enterprise, one building, the map, the wall 总览."""
