"""A clue holds the whole of its event; how long a picture is kept its street says and its clues, not its row; and what streets say."""

from datetime import timedelta

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEPT = timedelta(days=30)  # what a picture had been given when it was taken in


def stored_again(apps, schema_editor):
    """Of each picture the day on which it came: so long before its last day, or that on which it was taken."""
    for picture in apps.get_model("waste", "Picture").objects.iterator():
        picture.stored_on = picture.erase_on - KEPT if picture.erase_on else picture.taken_at.date()
        picture.save(update_fields=["stored_on"])


def events_taken_over(apps, schema_editor):
    """What the events of clues told, as far as they are still there."""
    clues, events = apps.get_model("waste", "Clue").objects, apps.get_model("waste", "Event").objects
    for clue in clues.filter(event_sequence__isnull=False).iterator():
        told = events.filter(
            day=clue.event_day, device_id=clue.device_id, boot=clue.event_boot, sequence=clue.event_sequence
        ).first()
        if told is not None:
            clue.event_value, clue.event_stream = told.value, told.stream
            clue.event_picture, clue.event_clock_wrong = told.picture, told.clock_wrong
            clue.save(update_fields=["event_value", "event_stream", "event_picture", "event_clock_wrong"])


class Migration(migrations.Migration):
    dependencies = [
        ("territory", "0002_ended_coverage"),
        ("waste", "0005_register_sheets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("clue", "event_value", models.FloatField(null=True)),
        migrations.AddField("clue", "event_stream", models.CharField(blank=True, default="", max_length=12), False),
        migrations.AddField(
            "clue",
            "event_picture",
            models.CharField(
                blank=True, default="", help_text="What the device calls the picture of it.", max_length=64
            ),
            False,
        ),
        migrations.AddField("clue", "event_clock_wrong", models.BooleanField(default=False)),
        migrations.RunPython(events_taken_over, migrations.RunPython.noop),
        migrations.AddField("picture", "stored_on", models.DateField(null=True)),
        migrations.RunPython(stored_again, migrations.RunPython.noop),
        migrations.AlterField("picture", "stored_on", models.DateField(db_index=True)),
        migrations.RemoveField("picture", "erase_on"),
        migrations.AddIndex(
            "clue",
            models.Index(
                condition=models.Q(("event_picture", ""), _negated=True),
                fields=["device", "event_picture"],
                name="clue_of_a_named_picture",
            ),
        ),
        migrations.CreateModel(
            name="KeepingTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("days", models.JSONField(help_text="Days by kind, rules.keeping.KINDS.")),
                ("source", models.CharField(max_length=200)),
                ("since", models.DateField()),
                ("until", models.DateField(help_text="First day it no longer counts.", null=True)),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "street",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="territory.place"
                    ),
                ),
            ],
            options={
                "ordering": ["-since", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until", None)), fields=("street",), name="keeping_terms_one_open"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until", None), ("until__gte", models.F("since")), _connector="OR"),
                        name="keeping_terms_dates",
                    ),
                ],
            },
        ),
    ]
