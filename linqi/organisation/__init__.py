"""Departments and the link teams of buildings 组织."""
