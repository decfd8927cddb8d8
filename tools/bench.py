"""Every measurement, each with a home and a database of its own; the figures land in bench/results/ as JSON.

    make bench            or: .venv/bin/python tools/bench.py list start

Exit status 1 when one of them failed; the others still run. `street` fills a database for `list` and measures nothing.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
NO_MEASUREMENT = {"__init__", "street", "serving"}


def main() -> int:
    """Run what was asked for, or all."""
    RESULTS.mkdir(exist_ok=True)
    known = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if path.stem not in NO_MEASUREMENT)
    asked = sys.argv[1:] or known
    if unknown := set(asked) - set(known):
        print(f"no such measurement: {', '.join(sorted(unknown))}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = [name for name in asked if not measure(name)]
    for name in failed:
        print(f"failed: {name}", file=sys.stderr)
    return 1 if failed else 0


def measure(name: str) -> bool:
    """One measurement; its figures are shown and kept."""
    with tempfile.TemporaryDirectory(prefix="linqi-bench-") as home:
        environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "LINQI_ENV"}}
        environment["LINQI_HOME"] = home
        environment.setdefault("LINQI_DATA", str(ROOT.parent / "shared" / "data"))
        if name in {"list", "cases"}:  # these insist on being told which database they may fill
            environment["DATABASE_URL"] = f"sqlite:///{home}/linqi.sqlite3"
            for command in (["migrate"], ["collectstatic", "--no-input"]):
                linqi = [sys.executable, "-m", "linqi", *command, "--verbosity", "0"]
                subprocess.run(linqi, cwd=ROOT, env=environment, check=True)
        print(f"== {name}", flush=True)
        bench = [sys.executable, "-m", f"bench.{name}"]
        done = subprocess.run(bench, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    if done.returncode == 0:
        (RESULTS / f"{name}.json").write_text(done.stdout)
    return done.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
