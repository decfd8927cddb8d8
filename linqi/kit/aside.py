"""A function that runs in a process of its own beside the threads that serve pages, behind them in turn 旁路进程.

Threads of one Python process compute one at a time, so even one costly request beside a page doubles the page's time. In a process of its
own it takes what pages leave of the processors. The process begins with the first call, ends when nobody called for a while or with the
process that began it, and is begun anew when it ended.
"""

import contextlib
import gc
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, Final, Generic, ParamSpec, TypeVar

import structlog

P = ParamSpec("P")
R = TypeVar("R")

BEHIND: Final = 5  # niceness: a third of the share of a page where both want the same processor, never nothing
LONGEST: Final = 120.0  # seconds without an answer after which the process is taken for dead
RESTS: Final = 300.0  # seconds without a call after which it ends by itself

log = structlog.get_logger("linqi.aside")


class Gone(Exception):
    """The process died before it answered; whether it did what was asked is not known."""


class Failed(Exception):
    """The function raised in its process, which has told of it in the log."""


class Aside(Generic[P, R]):
    """Calls of one function that has a name in its module, one at a time, here or, once `depart` was said, in a process of its own.

    What is said and answered must be plain enough to be pickled.
    """

    _departed = False  # of all in this program

    def __init__(self, does: Callable[P, R]) -> None:
        self._does = does
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None

    @classmethod
    def depart(cls) -> None:
        """From now on, in this program, what runs aside runs in processes of its own: it serves pages in threads."""
        Aside._departed = True

    def __call__(self, *said: P.args, **more: P.kwargs) -> R:
        """What the function answers; Gone when its process died, Failed when it raised there."""
        if not Aside._departed:
            return self._does(*said, **more)
        with self._lock:
            try:
                line = self._running()
                line.send((said, more))
                if not line.poll(LONGEST):
                    raise TimeoutError
                failed, answer = line.recv()
            except (EOFError, OSError) as fault:
                log.error("the process aside died", does=self._name, fault=repr(fault))
                self.end()
                raise Gone from fault
        if failed:
            raise Failed(failed)
        told: R = answer
        return told

    def end(self) -> None:
        """End the process, if there is one; the next call begins another."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None

    @property
    def _name(self) -> str:
        return f"{self._does.__module__}.{self._does.__qualname__}"

    def _running(self) -> Connection:
        if self._process is not None and self._process.poll() is not None:
            self.end()  # it rested, or died between two calls
        if self._line is not None:
            return self._line
        here, there = multiprocessing.Pipe()
        command = [sys.executable, "-P", "-m", "linqi.kit.aside", str(there.fileno()), self._name]
        with there:
            self._process = subprocess.Popen(command, pass_fds=[there.fileno()], start_new_session=True)
        self._line = here
        return here


def settled() -> None:
    """Say to the collector of garbage that this process has loaded what it needs, and serves requests from now on.

    What was loaded lives as long as the process; looked through at every collection, it cost one page in ten 150 ms. What a request makes is
    gone with the request; looked through after every 700 objects, as Python does by itself, it cost an exchange a tenth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def main(number: str, name: str) -> None:
    """Answer calls of the function of this name over the pipe with this number, until nobody is at its other end."""
    import django
    from django.db import close_old_connections
    from django.utils.module_loading import import_string

    os.nice(BEHIND)
    django.setup()
    does = import_string(name)
    settled()
    with Connection(int(number)) as line, contextlib.suppress(EOFError, BrokenPipeError):
        while line.poll(RESTS):
            said, more = line.recv()
            close_old_connections()
            try:
                answer: Any = ("", does(*said, **more))
            except Exception as fault:
                log.exception("what runs aside failed", does=name)
                answer = (repr(fault), None)
            close_old_connections()
            line.send(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
