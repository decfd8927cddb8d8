"""One outbox, many channels 通知."""
