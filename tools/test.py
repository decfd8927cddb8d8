"""The whole suite, on SQLite and on a throw-away PostgreSQL, with a real browser; says what it could not run.

As root on Debian it installs what is missing (PostgreSQL, Chromium, a Chinese font). Exit status: 0 when everything that ran passed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "postgresql": "initdb",
    "chromium": "chromium",
    "fonts-noto-cjk": "",
    "gettext": "msgfmt",
    "mosquitto": "mosquitto",
}
PYTEST = [sys.executable, "-m", "pytest", "-q", "-rs", "-n", "2", "--dist", "loadfile"]
COUNTED = re.compile(r"(\d+) (failed|passed|skipped|xfailed|xpassed|errors?)\b")


def main() -> int:
    """Install, run twice, report; the last line is one of pytest's form over all runs."""
    not_run = install()
    started = time.monotonic()
    counts: Counter[str] = Counter()
    status = on_sqlite(counts) | on_postgresql(counts, not_run)
    for line in not_run:
        print(f"NOT RUN: {line}")
    said = ", ".join(f"{number} {word}" for word, number in counts.items()) or "nothing ran"
    print(
        f"{said} in {time.monotonic() - started:.2f}s (SQLite{'' if not_run_postgresql(not_run) else ' and PostgreSQL'})"
    )
    return 1 if status else 0


def not_run_postgresql(not_run: list[str]) -> bool:
    """Whether the second database was left out."""
    return any("suite on PostgreSQL" in line for line in not_run)


def install() -> list[str]:
    """Install what is missing when we may; returns what will be skipped and why."""
    missing = [package for package, program in PACKAGES.items() if not present(package, program)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
            env=environment,
            check=False,
            stdout=subprocess.DEVNULL,
        )
        missing = [package for package, program in PACKAGES.items() if not present(package, program)]
    return [f"{package} is not installed (run as root on Debian, or install it)" for package in missing]


def present(package: str, program: str) -> bool:
    """Whether a package's program is there; a font is looked for by its folder."""
    if program == "initdb":
        return postgresql_bin() is not None
    return (
        bool(shutil.which(program) or Path("/usr/sbin", program).exists())
        if program
        else Path("/usr/share/fonts/opentype/noto").exists()
    )


def on_sqlite(counts: Counter[str]) -> int:
    """The suite on the embedded default."""
    return suite("SQLite", "", counts)


def on_postgresql(counts: Counter[str], not_run: list[str]) -> int:
    """The suite on a PostgreSQL of our own; 0 and a note when there is none."""
    if postgresql_bin() is None:
        not_run.append("the suite on PostgreSQL: no PostgreSQL found")
        return 0
    with postgresql() as url:
        return suite("PostgreSQL", url, counts)


def suite(name: str, database: str, counts: Counter[str]) -> int:
    """Run everything on one database, showing what pytest says and adding up its last line; pytest's exit status."""
    print(f"== the suite on {name}", flush=True)
    last = ""
    with subprocess.Popen(PYTEST, cwd=ROOT, env=environment(database), stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout or ():
            print(line, end="", flush=True)
            last = line if line.strip() else last
    for number, word in COUNTED.findall(last):
        counts[word] += int(number)
    return run.returncode


def environment(database: str) -> dict[str, str]:
    """The environment of a run; an empty database means the default."""
    kept = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "LINQI_ENV"}}
    kept.setdefault("LINQI_DATA", str(ROOT.parent / "shared" / "data"))
    kept["LINQI_HOME"] = tempfile.mkdtemp(prefix="linqi-test-")
    return {**kept, "DATABASE_URL": database} if database else kept


def postgresql_bin() -> Path | None:
    """Where the newest PostgreSQL's programs are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    plain = shutil.which("initdb")
    return Path(plain).resolve().parent if plain else None


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL in a temporary folder, reached by a socket there, thrown away afterwards; as root it runs as `nobody`."""
    programs = postgresql_bin()
    assert programs is not None
    home = Path(tempfile.mkdtemp(prefix="linqi-pg-"))
    home.chmod(0o777)
    data = home / "data"
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    subprocess.run(
        [
            *user,
            programs / "initdb",
            "-D",
            data,
            "-U",
            "linqi",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=home,
    )
    options = f"-c listen_addresses= -c unix_socket_directories={home} -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"
    subprocess.run(
        [*user, programs / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", options, "start"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=home,
    )
    try:
        subprocess.run([programs / "createdb", "-h", home, "-U", "linqi", "linqi"], check=True)
        yield f"postgres://linqi@/linqi?host={home}"
    finally:
        subprocess.run(
            [*user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"],
            check=False,
            stdout=subprocess.DEVNULL,
            cwd=home,
        )
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
