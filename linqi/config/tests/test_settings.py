"""Settings: production refuses to start half configured; keys are kept closely; headers and logs are what they should be."""

import json
import os
import stat
import subprocess
import sys

import pytest
from django.test import Client, override_settings

HSTS = "Strict-Transport-Security"


def python(code, home, **environment):
    """Run a piece of Python with these settings and nothing of ours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LINQI_", "DATABASE_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "LINQI_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        cwd=home,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        pytest.param({"LINQI_HOSTS": "linqi.example"}, "LINQI_SECRET_KEY must be set", id="without a key"),
        pytest.param({"LINQI_SECRET_KEY": "k" * 50}, "LINQI_HOSTS must name", id="without hosts"),
    ],
)
def test_production_refuses_to_start(tmp_path, environment, said):
    done = python("import linqi.config.settings", tmp_path, LINQI_ENV="production", **environment)
    assert done.returncode != 0
    assert said in done.stderr
    assert not (tmp_path / "secret_key").exists()


def test_production_with_key_and_hosts_is_closed_by_default(tmp_path):
    code = (
        "import json, linqi.config.settings as s;"
        "print(json.dumps([s.DEBUG, s.ALLOWED_HOSTS, s.SECURE_HSTS_SECONDS, s.SECURE_SSL_REDIRECT,"
        " s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE]))"
    )
    given = {"LINQI_SECRET_KEY": "k" * 50, "LINQI_HOSTS": "linqi.example"}
    done = python(code, tmp_path, LINQI_ENV="production", **given)
    assert json.loads(done.stdout) == [False, ["linqi.example"], 31536000, True, True, True], done.stderr


def test_outside_production_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    keys = {python("import linqi.config.settings as s; print(s.SECRET_KEY)", tmp_path).stdout for _ in range(2)}
    assert len(keys) == 1
    assert len(keys.pop().strip()) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_every_page_carries_a_strict_content_security_policy(db):
    policy = Client().get("/accounts/login/")["Content-Security-Policy"]
    rules = {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}
    assert rules["default-src"] == ["'self'"]
    assert rules["object-src"] == ["'none'"]
    assert rules["frame-ancestors"] == ["'none'"]
    assert "unsafe" not in policy
    assert "script-src" not in rules


def test_a_page_served_by_tls_asks_for_tls_for_a_year(db):
    with override_settings(SECURE_HSTS_SECONDS=31536000):
        assert "max-age=31536000" in Client().get("/accounts/login/", secure=True)[HSTS]


def test_plain_http_is_sent_to_tls_but_health_answers(db):
    with override_settings(SECURE_SSL_REDIRECT=True, SECURE_REDIRECT_EXEMPT=[r"^health$"]):
        assert Client().get("/accounts/login/").status_code == 301
        assert Client().get("/health").status_code == 503  # answers, with the truth: nothing runs behind it


REQUEST = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "linqi.config.settings"
django.setup()
from django.http import HttpResponse
from django.test import RequestFactory
from linqi.config.middleware import RequestLog
RequestLog(lambda request: HttpResponse("邻企"))(RequestFactory().get("/places/?q=1"))
"""


def test_a_request_is_one_json_object_on_one_line(tmp_path):
    done = python(REQUEST, tmp_path, LINQI_LOG="json")
    (line,) = done.stderr.splitlines()
    said = json.loads(line)
    assert {"event": "request", "method": "GET", "path": "/places/", "status": 200}.items() <= said.items()
    assert {"ms", "user", "request_id", "level", "timestamp"} <= set(said)


def test_the_lines_of_granian_and_the_supervisor_are_json_too(tmp_path):
    code = (
        "import logging, logging.config; from linqi.config.logs import dictconfig;"
        "logging.config.dictConfig(dictconfig('_granian'));"
        "logging.getLogger('_granian').error('Unexpected exit from %s', 'worker-1', extra={'facts': {'status': -9}})"
    )
    said = json.loads(python(code, tmp_path, LINQI_LOG="json").stderr)
    assert (said["event"], said["status"], said["logger"]) == ("Unexpected exit from worker-1", -9, "granian")
    assert python(code, tmp_path, LINQI_LOG="text").stderr.count("\n") == 1


def test_the_request_id_of_the_log_is_in_the_answer(client, db):
    assert len(client.get("/health")["X-Request-ID"]) == 16
