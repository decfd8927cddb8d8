"""The web process: granian in front of the product, its own lines in our shape. Started by the supervisor.

Granian itself starts a worker that died anew, so a killed worker is back within seconds.
"""

import argparse

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from linqi.config.logs import dictconfig

GRANIAN = "_granian"  # the name of granian's own logger


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    asked = parser.parse_args()
    Granian(
        "linqi.config.wsgi:application",
        address=asked.host,
        port=asked.port,
        interface=Interfaces.WSGI,
        workers=asked.workers,
        blocking_threads=asked.threads,
        backlog=256,
        websockets=False,
        log_level=LogLevels.error,  # what dies is an error; its advice on thread counts is not ours to repeat
        log_dictconfig=dictconfig(GRANIAN),
        respawn_failed_workers=True,
        respawn_interval=1.0,
        workers_kill_timeout=10,  # seconds a worker has to finish what it serves
    ).serve()


if __name__ == "__main__":
    main()
