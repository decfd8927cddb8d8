"""A function in a process of its own: begun when first called, begun anew when it died, behind those who serve pages."""

import os

import pytest

from linqi.kit.aside import BEHIND, Aside, Failed, Gone


def test_here_until_the_program_departs():
    assert Aside(eval)("__import__('os').getpid()") == os.getpid()


def test_a_process_of_its_own_that_outlives_faults_of_what_it_does_and_not_its_own_death(monkeypatch):
    monkeypatch.setattr(Aside, "_departed", True)
    aside = Aside(eval)
    try:
        first = aside("__import__('os').getpid()")
        assert first != os.getpid()
        assert aside("__import__('os').nice(0)") == os.nice(0) + BEHIND
        with pytest.raises(Failed, match="ZeroDivisionError"):
            aside("1 / 0")
        assert aside("__import__('os').getpid()") == first
        with pytest.raises(Gone):
            aside("__import__('os')._exit(1)")
        second = aside("__import__('os').getpid()")
        assert second not in {first, os.getpid()}
        aside._process.kill()  # between two calls, as when it rests
        aside._process.wait(60)
        assert aside("__import__('os').getpid()") not in {first, second, os.getpid()}
    finally:
        aside.end()


def test_the_process_ends_with_the_line_to_it(monkeypatch):
    monkeypatch.setattr(Aside, "_departed", True)
    aside = Aside(eval)
    assert aside("1 + 1") == 2
    aside._line.close()  # as when the process that began it is killed
    assert aside._process.wait(60) == 0
