"""The settings of the tests: the product's own, and nothing that would hide a fault."""

import os

os.environ.setdefault("LINQI_SECRET_KEY", "tests-only-not-a-secret")

from linqi.config.settings import *  # noqa: F403
from linqi.config.settings import TEMPLATES


class UndefinedVariable(Exception):
    """A template asked for a variable that its view did not give."""


class _Strict(str):
    """Django puts this in place of an undefined variable; using it is an error that names the variable."""

    def __contains__(self, item: object) -> bool:
        return True

    def __mod__(self, missing: object) -> str:
        raise UndefinedVariable(f"Undefined template variable: {missing}")


TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = _Strict("%s")  # type: ignore[index]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the Argon2 tests name their own
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
