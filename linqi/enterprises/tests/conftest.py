"""Uploads of the import tests stand in a folder of their own."""

import pytest


@pytest.fixture
def uploads(settings, tmp_path):
    """The folder in which uploads are kept for one test."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    return settings.MEDIA_ROOT
