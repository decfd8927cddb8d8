"""Whole house: what docs/house.md promises, held by the tree itself.

Floors, purity, rooms that only read, captions, personal data, reasons beside dependencies. A new app, room, field or
dependency is tried on the day it is written.
"""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from linqi.kit import privacy

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "linqi"
APPS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {one["type"]: one for one in PROJECT["tool"]["importlinter"]["contracts"]}
FLOORS = [app for floor in CONTRACTS["layers"]["layers"] for app in floor.split(" | ")]  # neighbours share a floor
MODELS = [
    model
    for config in apps.get_app_configs()
    if config.name.startswith("linqi.")
    for model in config.get_models(include_auto_created=False)
]


def files(pattern):
    """Our own sources below `linqi/` that fit, without tests and migrations."""
    return sorted(
        path for path in PACKAGE.glob(pattern) if not {"tests", "migrations", "__pycache__"} & set(path.parts)
    )


def module_of(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def tracked():
    """Every text file of the repository: what is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, cwd=ROOT
    )
    if listed.returncode:
        pytest.skip("not a git work tree")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


# --- floors -------------------------------------------------------------------------------------------------------
def test_every_app_on_disk_has_a_floor():
    assert sorted(FLOORS) == APPS


def test_the_floors_stand_in_the_order_of_the_plan():
    tree = (ROOT / "docs" / "house.md").read_text().split("## 2. The tree")[1].split("```")[1]
    planned = re.findall(r"^  ([a-z]+)/ ", tree, re.M)
    assert [app for app in planned if app in APPS] == FLOORS


def test_the_plan_says_which_apps_stand_today():
    standing = re.search(r"\*Standing today: ([^.]+)\.", (ROOT / "docs" / "house.md").read_text())
    assert sorted(re.split(r",\s+", standing[1].replace("\n", " "))) == APPS


@pytest.mark.parametrize("app", APPS)
def test_every_app_has_a_caption_of_one_line_that_ends_with_its_chinese_name(app):
    tree = ast.parse((PACKAGE / app / "__init__.py").read_text())
    caption = ast.get_docstring(tree)
    assert re.search(r"[一-鿿]+\.$", caption), caption
    assert "\n" not in caption
    assert len(tree.body) == 1, "a caption holds no code"


# --- purity -------------------------------------------------------------------------------------------------------
PURE = [*files("*/rules.py"), *files("*/rules/**/*.py"), *files("*/flow.py")]
FORBIDDEN = {"django", "time", "random", "requests", "urllib", "socket", "subprocess", "os"}
CLOCKS = {"today", "now", "utcnow"}


def test_every_decision_is_in_the_purity_contract():
    held = set(CONTRACTS["forbidden"]["source_modules"])
    missing = [
        name for name in map(module_of, PURE) if not any(name == one or name.startswith(f"{one}.") for one in held)
    ]
    assert not missing
    assert not [one for one in held if not any(module_of(path) == one for path in PURE)], "a module that is gone"


@pytest.mark.parametrize("path", PURE, ids=module_of)
def test_a_decision_imports_no_framework_and_asks_no_clock(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not FORBIDDEN & {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in FORBIDDEN
            assert not (node.module == "linqi.kit.clock" and CLOCKS & {alias.name for alias in node.names})
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in CLOCKS, f"line {node.lineno}: the day is an argument"


def test_all_decisions_can_be_imported_where_there_is_no_django(tmp_path):
    code = (
        "import importlib, sys\n"
        "sys.modules['django'] = None\n"
        f"for name in {[module_of(path) for path in PURE]!r}:\n"
        "    importlib.import_module(name)\n"
        "print('pure')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.stdout.strip() == "pure", done.stderr[-1500:]


# --- rooms that only read -----------------------------------------------------------------------------------------
READING = [
    path
    for room in ("queries", "measures", "rules", "flow", "access", "views", "menu")
    for path in [*files(f"*/{room}.py"), *files(f"*/{room}/**/*.py")]
]
WRITES = {
    "save", "create", "bulk_create", "bulk_update", "update_or_create", "get_or_create", "delete", "insert_many",
}  # fmt: skip
NO_WRITE = {"Q.create": "puts a condition together"}  # calls of these names that write no row


def written(path):
    """Calls in a file that look like writing to the database: (line, text)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, on = node.func.attr, ast.unparse(node.func.value)
            if name in WRITES or (name == "update" and re.search(r"\.(objects|filter|all|exclude)\b|seen_by\(", on)):
                yield node.lineno, f"{on}.{name}"


@pytest.mark.parametrize("path", READING, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_that_reads_writes_nothing(path):
    assert not [f"line {line}: {text}" for line, text in written(path) if text not in NO_WRITE]


# --- words that must not stand ------------------------------------------------------------------------------------
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
SOURCES = {".py", ".html", ".js", ".css", ".toml", ".yaml", ".yml", ".md", ".txt", ".sh", ".json", ".lock", ""}
HOSTS = re.compile(
    "|".join(re.escape(".".join(parts)) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"),
    ("npmmirror", "com"), ("npmjs", "com"), ("jsdelivr", "net"), ("unpkg", "com"), ("tuna", "tsinghua")))
)  # fmt: skip


def test_nothing_is_left_for_later():
    ours = [path for path in tracked() if path.suffix in {".py", ".html", ".js", ".css"} and path != Path(__file__)]
    assert not [
        f"{path.relative_to(ROOT)}:{number}"
        for path in ours
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if UNFINISHED.search(line)
    ]


def test_no_file_names_the_host_of_a_package_registry():
    named = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in tracked()
        if path.suffix in SOURCES and (found := HOSTS.search(path.read_text(errors="replace")))
    ]
    assert not named


@pytest.mark.parametrize("path", files("**/*.py"), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_called_after_nothing(path):
    assert path.stem not in {"utils", "helpers", "manager", "misc", "common", "services"}


# --- personal data ------------------------------------------------------------------------------------------------
def must_be_said(model):
    """Fields that may hold what a person wrote, or lead to a person: every free text, and every link to a user."""
    for field in model._meta.get_fields():
        if not isinstance(field, models.Field) or field.choices:
            continue
        text = isinstance(field, models.CharField | models.TextField | models.JSONField | models.FileField)
        if text or field.related_model is apps.get_model(settings.AUTH_USER_MODEL):
            yield field.name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_of_every_text_it_is_said_whether_it_is_personal(model):
    said = privacy.declared(model)
    unsaid = set(must_be_said(model)) - set(said.personal) - set(said.plain)
    assert not unsaid, f"say in {model._meta.app_label}/access.py: declare({model.__name__}, …)"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_what_is_said_of_personal_data_is_said_of_fields_that_exist(model):
    said = privacy.declared(model)
    fields = {field.name for field in model._meta.get_fields()}
    assert set(said.personal) | set(said.plain) <= fields
    assert all(isinstance(kept, privacy.Kept) for kept in said.personal.values())


# --- dependencies, words ------------------------------------------------------------------------------------------
def test_every_dependency_has_its_reason_beside_it():
    text = (ROOT / "pyproject.toml").read_text()
    project = PROJECT["project"]
    asked = [*project["dependencies"], *(one for group in project["optional-dependencies"].values() for one in group)]
    asked += PROJECT["build-system"]["requires"]
    without = [one for one in asked if not re.search(rf'"{re.escape(one)}"\]?,?\s+#\s*\S.{{8,}}', text)]
    assert not without


def test_every_direct_dependency_is_locked():
    for lock, groups in (("requirements.lock", []), ("requirements-dev.lock", ["test", "lint"])):
        locked = {line.split("==")[0].lower() for line in (ROOT / lock).read_text().splitlines() if "==" in line}
        locked = {name.split("[")[0].replace("_", "-") for name in locked}
        asked = list(PROJECT["project"]["dependencies"])
        for group in groups:
            asked += PROJECT["project"]["optional-dependencies"][group]
        names = {re.match(r"[A-Za-z0-9._-]+", one)[0].lower().replace("_", "-") for one in asked}
        assert not names - locked, lock


CODE_NAMES = ["Place", "Enterprise", "Tenancy", "Fact", "Claim", "Case", "Visit", "LinkTeam", "Department", "Window"]


@pytest.mark.parametrize("name", CODE_NAMES)
def test_the_nouns_of_the_models_are_in_the_glossary(name):
    assert name in {model.__name__ for model in MODELS}
    word = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    assert re.search(rf"`[^`]*\b{word}\b[^`]*`|`[^`]*\b{word}", glossary), word
