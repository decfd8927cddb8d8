"""Addresses of the import."""

from django.urls import path

from linqi.enterprises.views import imports

urlpatterns = [
    path("", imports.imports, name="imports"),
    path("new/", imports.new, name="new_import"),
    path("template/", imports.template, name="import_template"),
    path("<int:pk>/", imports.one, name="import"),
    path("<int:pk>/progress/", imports.progress, name="import_progress"),
    path("<int:pk>/apply/", imports.apply, name="apply_import"),
    path("<int:pk>/undo/", imports.undo, name="undo_import"),
    path("<int:pk>/report/", imports.report, name="import_report"),
]
