"""The index over the documents, in the words of each database engine."""

from django.db import migrations

SQLITE = [
    """CREATE VIRTUAL TABLE search_index USING fts5(
        words, streets, content='search_document', content_rowid='id', tokenize='unicode61 remove_diacritics 0',
        detail=column, columnsize=0)""",  # which column a word is in, not where: we ask for no phrases and no rank
    """CREATE TRIGGER search_document_in AFTER INSERT ON search_document BEGIN
        INSERT INTO search_index(rowid, words, streets) VALUES (new.id, new.words, new.streets); END""",
    """CREATE TRIGGER search_document_out AFTER DELETE ON search_document BEGIN
        INSERT INTO search_index(search_index, rowid, words, streets)
        VALUES ('delete', old.id, old.words, old.streets); END""",
    """CREATE TRIGGER search_document_new AFTER UPDATE ON search_document BEGIN
        INSERT INTO search_index(search_index, rowid, words, streets)
        VALUES ('delete', old.id, old.words, old.streets);
        INSERT INTO search_index(rowid, words, streets) VALUES (new.id, new.words, new.streets); END""",
]
SQLITE_BACK = [
    "DROP TRIGGER search_document_in",
    "DROP TRIGGER search_document_out",
    "DROP TRIGGER search_document_new",
    "DROP TABLE search_index",
]
POSTGRESQL = [
    """ALTER TABLE search_document ADD COLUMN vector tsvector GENERATED ALWAYS AS (
        array_to_tsvector(string_to_array(words, ' ')) || array_to_tsvector(string_to_array(streets, ' '))) STORED""",
    "CREATE INDEX search_document_vector ON search_document USING gin (vector)",
]
POSTGRESQL_BACK = ["ALTER TABLE search_document DROP COLUMN vector"]


def build(apps, editor):
    for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement)


def take_down(apps, editor):
    for statement in POSTGRESQL_BACK if editor.connection.vendor == "postgresql" else SQLITE_BACK:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [migrations.RunPython(build, take_down)]
