"""What stands round the product while it is measured or harmed: a broker, a listener, a PostgreSQL that keeps its promises.

Each is a process that can be killed with signal 9 and started again. PostgreSQL runs with fsync on, unlike the one of the tests.
"""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


class Machine:
    """A process with its children: start, kill -9 as a whole, processor time, memory."""

    name = "process"

    def __init__(self):
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_how):
        self.stop()

    def command(self):
        raise NotImplementedError

    def ready(self):
        """Whether it can be used."""
        return True

    def environment(self):
        return dict(os.environ)

    def start(self):
        """Start it and wait until it can be used."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env=self.environment(), start_new_session=True, cwd=ROOT
            )
        until = time.monotonic() + 60
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                tail = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.name} did not start (see {self.log}): {tail}")
            time.sleep(0.05)

    def kill(self):
        """kill -9 for the process and all below it."""
        for pid in reversed(self.family()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(20)

    def stop(self):
        """In order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def family(self):
        """The process and all below it."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop(0)
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                with suppress(OSError):
                    waiting += [int(child) for child in children.read_bytes().split()]
        return found

    def cpu(self):
        """Seconds of processor time used so far by what is running."""
        ticks = 0
        for pid in self.family():
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def rss_mb(self):
        """Resident memory of the process, without its children, in megabytes."""
        with suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        return 0.0


def free_port():
    """A port that nobody has just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Mosquitto(Machine):
    """The broker with the configuration, passwords and access list that the product writes (`outside.broker`)."""

    name = "mosquitto"

    def __init__(self, home, port=None):
        super().__init__()
        self.home, self.port = Path(home), port or free_port()
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = self.home / "broker.log"
        self.url = f"mqtt://linqi:listens@127.0.0.1:{self.port}"  # as the listener; devices use host and port of it
        self.address = f"127.0.0.1:{self.port}"

    def admit(self, digests):
        """Write its files: {serial: digest of its key}."""
        from linqi.waste.outside import broker

        accounts = [broker.Account(name, digest) for name, digest in digests.items()]
        accounts.append(broker.Account("linqi", broker.digest("listens")))
        broker.write(self.home, accounts, port=self.port, reload=False)

    def command(self):
        return [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self.home / "mosquitto.conf")]

    def ready(self):
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


class Listener(Machine):
    """`linqi waste listen`, with the environment of this process and what is given."""

    name = "linqi waste listen"

    def __init__(self, home, url, *, asks=None, profile=None, **environment):
        super().__init__()
        self._asks = asks  # serial and key of a device that asks whether it is heard
        self.log, self._environment, self._profile = Path(home) / "listen.log", environment, profile
        self._url = url

    def command(self):
        profile = ["-m", "cProfile", "-o", str(self._profile)] if self._profile else []
        return [sys.executable, *profile, "-m", "linqi", "waste", "listen", "--url", self._url]

    def environment(self):
        return {**os.environ, "PYTHONPATH": str(ROOT), **self._environment}

    def ready(self):
        """A device asks how far it is, and is answered."""
        return self._asks is None or is_answered(self._url, *self._asks)


class Server(Machine):
    """`linqi serve`: the HTTP door."""

    name = "linqi serve"

    def __init__(self, home, port=None):
        super().__init__()
        self.log, self.port = Path(home) / "serve.log", port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def command(self):
        return [sys.executable, "-m", "linqi", "serve", "--port", str(self.port), "--workers", "1"]

    def environment(self):
        return {**os.environ, "PYTHONPATH": str(ROOT)}

    def ready(self):
        with suppress(OSError, http.client.HTTPException):
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            line.request("GET", "/health")
            return line.getresponse().status == 200
        return False


def is_answered(url, serial, key, patience=1.0):
    """Whether somebody hears devices: one asks with an empty list, which stores nothing."""
    from paho.mqtt import client as paho

    heard, where = [], urlsplit(url)
    one = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=serial)
    one.username_pw_set(serial, key)
    one.on_connect = lambda client, *_told: client.subscribe(f"linqi/1/{serial}/receipt")
    one.on_subscribe = lambda client, *_told: client.publish(f"linqi/1/{serial}/events", b"[]", qos=1)
    one.on_message = lambda _client, _data, said: heard.append(said.payload)
    with suppress(OSError):
        one.connect(where.hostname, where.port)
        until = time.monotonic() + patience
        while not heard and time.monotonic() < until:
            one.loop(0.05)
        one.disconnect()
    return bool(heard)


class PostgreSQL(Machine):
    """A PostgreSQL of our own that survives being killed: fsync, full pages and synchronous commits are on."""

    name = "postgresql"

    def __init__(self, home=None):
        super().__init__()
        from tools.test import postgresql_bin

        self._programs = postgresql_bin()
        if self._programs is None:
            raise RuntimeError("no PostgreSQL on this machine")
        self.home = Path(home or tempfile.mkdtemp(prefix="linqi-pg-"))
        self.home.mkdir(exist_ok=True)
        self.home.chmod(0o777)
        self.data, self.log = self.home / "data", self.home / "log"
        self.url = f"postgres://linqi@/linqi?host={self.home}"
        self._user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        made = [*self._user, self._programs / "initdb", "-D", self.data, "-U", "linqi", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]  # fmt: skip
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=self.home)

    def command(self):
        options = ["listen_addresses=", f"unix_socket_directories={self.home}", "max_connections=60", "fsync=on"]
        options += ["synchronous_commit=on", "restart_after_crash=on"]
        set_ = [part for one in options for part in ("-c", one)]
        return [*self._user, str(self._programs / "postgres"), "-D", str(self.data), *set_]

    def start(self):
        with suppress(OSError):
            (self.data / "postmaster.pid").unlink()  # of the one that was killed; its processes are gone
        super().start()

    def ready(self):
        done = subprocess.run(
            [self._programs / "pg_isready", "-q", "-h", self.home, "-d", "postgres", "-U", "linqi"], cwd=self.home
        )
        return done.returncode == 0

    def create(self):
        """The database itself, once."""
        subprocess.run([self._programs / "createdb", "-h", self.home, "-U", "linqi", "linqi"], check=True, cwd="/tmp")

    def stop(self):
        if self.alive():
            self.process.send_signal(signal.SIGINT)  # fast shutdown
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        if self.alive():
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)
