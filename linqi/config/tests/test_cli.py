"""The `linqi` command."""

import subprocess
import sys

import pytest

from linqi import __version__
from linqi.config import cli


def said(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["linqi", *arguments])
    cli.main()
    return capsys.readouterr().out


def test_without_a_word_it_lists_its_commands(capsys, monkeypatch):
    out = said(capsys, monkeypatch)
    for word in ("migrate", "serve", "demo", "import enterprises", "journal verify", "reindex", "tick"):
        assert f"linqi {word}" in out


def test_it_says_its_version(capsys, monkeypatch):
    assert said(capsys, monkeypatch, "--version").strip() == __version__


@pytest.mark.parametrize("line", [line for line in cli.OURS.splitlines() if line.startswith("linqi ")])
def test_every_command_it_lists_exists(line):
    from django.core.management import get_commands

    words = [word for word in line.split() if word.islower() or "_" in word][1:]
    if line.startswith("linqi --version"):
        return
    names = set(get_commands())
    assert words[0] in names or "_".join(words[:2]) in names


def test_python_dash_m_is_the_same_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "linqi", "--version"], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.stdout.strip() == __version__
