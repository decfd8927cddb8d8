"""Doors of bookings."""
