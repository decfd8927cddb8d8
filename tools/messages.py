"""Collects every word of the screen into linqi/locale/en/LC_MESSAGES/django.po; `make messages` runs it.

Most words stand in the code as `_("…")` and in templates as `{% trans %}`: Django's own collector finds those. The rest are values, not
calls: labels of choices and permissions, and the names that are seeded from YAML. They are written as calls into a module of a scratch
folder, where the collector finds them beside a copy of the package. The source language is Chinese, so a word without English shows
itself; `linqi/ui/tests/test_words.py` allows none.
"""

import csv
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = PROJECT / "linqi"
CATALOGUE = PACKAGE / "locale" / "en" / "LC_MESSAGES" / "django.po"
LEFT_OUT = ("tests", "migrations", "static", "locale", "__pycache__", "data")


def collected() -> str:
    """The catalogue as it ought to be: today's words, with the English that is known already."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copytree(PACKAGE, folder / "linqi", ignore=shutil.ignore_patterns(*LEFT_OUT))
        calls = [f"_({word!r})" for word in words_kept_as_values()] + [
            f"pgettext('journal', {word!r})" for word in acts()
        ]
        (folder / "words.py").write_text("\n".join(calls), encoding="utf-8")
        catalogue = folder / "locale" / "en" / "LC_MESSAGES" / "django.po"
        catalogue.parent.mkdir(parents=True)
        if CATALOGUE.exists():
            shutil.copy(CATALOGUE, catalogue)
        apart = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        wanted = ("--locale", "en", "--no-location", "--no-wrap", "--no-obsolete")
        command = (sys.executable, "-m", "django", "makemessages", *wanted)
        subprocess.run(command, cwd=folder, env=apart, check=True, stdout=subprocess.DEVNULL)
        lines = catalogue.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith('"POT-Creation-Date'))


def words_kept_as_values() -> list[str]:
    """Labels and seeded names, which no call of gettext spells out; each once, in a fixed order."""
    return sorted({*_labels(), *_seeded()})


def acts() -> list[str]:
    """What the journal says was done; apart, since “受理” on a button is a call to do it."""
    _start()
    from linqi.journal.verbs import Verb

    return [verb.label for verb in Verb]


def _start() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def _labels() -> Iterator[str]:
    _start()
    from django.apps import apps

    from linqi.accounts.rules import Refusal
    from linqi.enterprises.rules.matching import COMPARISONS
    from linqi.journal.verbs import Verb
    from linqi.kit.access import PERMISSIONS
    from linqi.kit.choices import Choice

    for app in apps.get_app_configs():
        if app.name.startswith("linqi."):
            for module in pkgutil.walk_packages(app.module.__path__ if app.module else [], f"{app.name}."):
                if not {"tests", "migrations", "management"} & set(module.name.split(".")):
                    importlib.import_module(module.name)
    for choice in Choice.__subclasses__():
        if choice is not Verb and ".tests." not in choice.__module__ and choice.__module__.startswith("linqi."):
            yield from (member.label for member in choice)
    yield from (permission.label for permission in PERMISSIONS.values())
    yield from (refusal.value for refusal in Refusal)
    for comparison in COMPARISONS:
        yield from comparison.words


def _seeded() -> Iterator[str]:
    for window in yaml.safe_load((PACKAGE / "catalogue/data/windows.yaml").read_text(encoding="utf-8")):
        yield from (*window["basic"], *window["value_added"])
        yield from (category["name"] for category in window["categories"])
    for department in yaml.safe_load((PACKAGE / "organisation/data/departments.yaml").read_text(encoding="utf-8")):
        yield department["name"]
    for service in yaml.safe_load((PACKAGE / "organisation/data/centre_services.yaml").read_text(encoding="utf-8")):
        yield from (service["name"], service["unit"])
    with (PACKAGE / "enterprises/data/gb4754.csv").open(encoding="utf-8") as file:
        yield from (row["name"] for row in csv.DictReader(file) if row["code"].isalpha())


def main() -> None:
    """Write the catalogue and say what still has no English."""
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_text(collected(), encoding="utf-8")
    for line in subprocess.run(
        ("msgfmt", "--check", "--statistics", "--output-file", os.devnull, CATALOGUE),
        capture_output=True,
        text=True,
        check=True,
    ).stderr.splitlines():
        print(line)


if __name__ == "__main__":
    main()
