"""Doors: one's own account, and the accounts of others."""
