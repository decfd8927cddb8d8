"""Booking a window: hours, seats, reminders 窗口预约."""
