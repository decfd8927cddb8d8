"""One row per act, hash-chained: audit, activity feed and outbox in one 日志."""
