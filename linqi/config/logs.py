"""How a line of the log is written by the processes that do without Django: the supervisor and the application server.

The processes that have Django use structlog (settings.LOGGING); both write the same shape, one JSON object a line or plain text.
"""

import json
import logging
import os
from datetime import UTC, datetime
from typing import Any, Final

IN_PRODUCTION: Final = os.environ.get("LINQI_ENV", "local") == "production"
AS_JSON: Final = os.environ.get("LINQI_LOG", "json" if IN_PRODUCTION else "text") == "json"


class Line(logging.Formatter):
    """One record as one line 日志行."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
            "level": record.levelname.lower(),
            "logger": record.name.lstrip("_"),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        if AS_JSON:
            return json.dumps(said, ensure_ascii=False)
        facts = " ".join(f"{key}={value}" for key, value in said.items() if key not in {"event", "level", "timestamp"})
        return f"{said['timestamp']} [{said['level']}] {said['event']} {facts}"


def dictconfig(logger: str) -> dict[str, Any]:
    """Logging of one named logger to standard error in lines of ours."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "linqi.config.logs.Line"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {logger: {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
    }
