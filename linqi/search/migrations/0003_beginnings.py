"""The kind of a document is asked of the index too, and SQLite finds beginnings of words by an index of their own."""

from importlib import import_module

from django.db import migrations, models

before = import_module("linqi.search.migrations.0002_index")
BEGINNINGS = "detail=column, columnsize=0, prefix='1 2'"  # one character of Chinese, two initials
WITH_KIND = "UPDATE search_document SET streets = 'k' || kind || ' ' || streets"
WITHOUT_KIND = "UPDATE search_document SET streets = substr(streets, length(kind) + 3)"


def rebuild(editor, statements, change):
    """On SQLite all documents change without the index, which is then built in one go."""
    if editor.connection.vendor == "postgresql":
        editor.execute(change)
        return
    for statement in (*before.SQLITE_BACK, change, *statements):
        editor.execute(statement)
    editor.execute("INSERT INTO search_index(search_index) VALUES ('rebuild')")


def forwards(apps, editor):
    rebuild(editor, [one.replace("detail=column, columnsize=0", BEGINNINGS) for one in before.SQLITE], WITH_KIND)


def backwards(apps, editor):
    rebuild(editor, before.SQLITE, WITHOUT_KIND)


class Migration(migrations.Migration):
    dependencies = [("search", "0002_index")]
    operations = [
        migrations.RunPython(forwards, backwards),
        migrations.AlterField(
            model_name="document",
            name="streets",
            field=models.TextField(
                blank=True, help_text="Tokens kcase s12 s15: its kind, and the streets in whose search it appears."
            ),
        ),
    ]
