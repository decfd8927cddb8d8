"""`linqi waste broker [--write-only]`: a Mosquitto for this machine alone, run by us 自带消息代理."""

import os
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

from linqi.waste.actions.credentials import write_broker_files

PLACES: Final = ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto")


def arguments(parser: ArgumentParser) -> None:
    """What may follow the word."""
    parser.add_argument(
        "--write-only", action="store_true", help="write its files, have a running one read them, and end"
    )


def run(options: dict[str, Any]) -> None:
    """Write its files, then become it."""
    devices = write_broker_files()
    folder: Path = settings.MQTT_FOLDER
    options["say"](f"{folder}: {devices} devices may connect")
    if options["write_only"]:
        return
    program = found()
    if program is None:
        raise CommandError(
            "Mosquitto is not installed (Debian: apt-get install mosquitto). Or set LINQI_MQTT_URL to another broker."
        )
    connection.close()
    os.execv(program, [program, "-c", str(folder / "mosquitto.conf")])  # noqa: S606 – its own path, no shell


def found() -> str | None:
    """Where Mosquitto is, None when it is not installed."""
    return shutil.which("mosquitto") or next((place for place in PLACES if os.access(place, os.X_OK)), None)
