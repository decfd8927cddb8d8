"""Every template of the house keeps the security policy: nothing inline, nothing from elsewhere."""

import re
from pathlib import Path

import pytest
from django.template import engines

PACKAGE = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path for path in PACKAGE.glob("*/templates/**/*") if path.suffix in {".html", ".svg", ".txt"})
FORBIDDEN = {
    "a script written into the page": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "a style sheet written into the page": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "an event handler attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "htmx code in an attribute": re.compile(r"\shx-(?:on|vars)\b|=\s*[\"'](?:js|javascript):", re.I),
    "an asset from another host": re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""", re.I),
}


def found(text):
    """What of the forbidden is in a template; comments do not count."""
    text = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.S)
    return [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_template_keeps_the_security_policy(path):
    assert found(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<script>go()</script>", id="a script"),
        pytest.param('<p style="color: red">', id="a style"),
        pytest.param('<a onclick="go()">', id="a handler"),
        pytest.param('<b hx-on:click="go()">', id="htmx code"),
        pytest.param('<script src="https://somewhere.example/a.js">', id="another host"),
        pytest.param("<style>p{}</style>", id="a style sheet"),
    ],
)
def test_the_check_sees_what_it_is_for(text):
    assert found(text)


def test_the_check_lets_ordinary_things_pass():
    assert (
        found('<script type="module" src="{% static "ui/app.js" %}"></script><a class="on" href="/x/">{{ data }}</a>')
        == []
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_template_compiles(path):
    if path.suffix == ".html":
        engines["django"].from_string(path.read_text(encoding="utf-8"))
