"""The table of events cut by the day of storing: partitions on PostgreSQL, a key that begins with the day on SQLite (ADR 12).

What Django knows of the table does not change. Nothing was stored in it before this migration, so it is made anew.
"""

from django.db import migrations, models

COLUMNS = """
    day date NOT NULL,
    device_id bigint NOT NULL,
    boot bigint NOT NULL,
    sequence bigint NOT NULL,
    told varchar(12) NOT NULL,
    at bigint NOT NULL,
    stored_at bigint NOT NULL,
    bin_id bigint NULL,
    value {real} NULL,
    stream varchar(12) NOT NULL,
    picture varchar(64) NOT NULL,
    card varchar(40) NOT NULL,
    clock_wrong {truth} NOT NULL,
    PRIMARY KEY (day, device_id, boot, sequence)
"""


def cut(apps, schema_editor):
    """Make the table anew in the shape of this database."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    columns = COLUMNS.format(
        real="double precision" if postgresql else "real", truth="boolean" if postgresql else "bool"
    )
    schema_editor.execute("DROP TABLE waste_event")
    if postgresql:
        schema_editor.execute(f"CREATE TABLE waste_event ({columns}) PARTITION BY RANGE (day)")
        schema_editor.execute("CREATE TABLE waste_event_other PARTITION OF waste_event DEFAULT")
        # Tiny, and nearly free to keep: rows arrive in the order of time, so a block knows its hours.
        schema_editor.execute(
            "CREATE INDEX waste_event_hours ON waste_event USING brin (at) WITH (pages_per_range = 16)"
        )
    else:
        schema_editor.execute(f"CREATE TABLE waste_event ({columns}) WITHOUT ROWID")


class Migration(migrations.Migration):
    dependencies = [("waste", "0001_initial")]

    operations = [
        migrations.RunPython(cut, migrations.RunPython.noop),
        migrations.CreateModel(
            name="HourTouched",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bin_id", models.BigIntegerField()),
                ("hour", models.BigIntegerField(help_text="Hours since 1970 UTC.")),
                ("times", models.BigIntegerField(default=1)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("hour", "bin_id"), name="hour_touched_once")],
            },
        ),
        migrations.AddField(
            model_name="quarantined",
            name="times",
            field=models.PositiveIntegerField(
                default=1,
                help_text="How many this row stands for: beyond so many an hour, a sender's are only counted.",
            ),
        ),
        migrations.AddField(
            model_name="devicestate",
            name="birth",
            field=models.BigIntegerField(
                help_text="bdSeq of its last Sparkplug birth; a death with another is of an older session.", null=True
            ),
        ),
        migrations.AddField(
            model_name="devicestate",
            name="limited",
            field=models.BigIntegerField(default=0, help_text="Events not taken because it told too many at once."),
        ),
    ]
