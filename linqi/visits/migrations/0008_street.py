"""A visit keeps the street in which it began, as a case does: a list of a street need not gather thirty thousand places."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce


def keep_street(apps, schema_editor):
    """The street in which the place stood on the day for which a visit was planned, else the last in which it stood."""
    visits, coverage = apps.get_model("visits", "Visit"), apps.get_model("territory", "Coverage")
    above = coverage.objects.filter(descendant=OuterRef("place"), ancestor__kind="street")
    held = Q(since__lte=OuterRef("planned_for")) & (Q(until=None) | Q(until__gt=OuterRef("planned_for")))
    then, last = above.filter(held), above.order_by("-since", "-pk")
    visits.objects.update(street=Coalesce(*(Subquery(rows.values("ancestor")[:1]) for rows in (then, last))))


class Migration(migrations.Migration):
    dependencies = [
        ("territory", "0002_ended_coverage"),
        ("visits", "0007_photos_and_places"),
    ]

    operations = [
        migrations.AddField(
            model_name="visit",
            name="street",
            field=models.ForeignKey(
                db_index=False,
                help_text="In which the place stood when it began; empty: in none.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="territory.place",
            ),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(fields=["street", "planned_for"], name="visit_street"),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(fields=["street", "state", "planned_for"], name="visit_street_state"),
        ),
        migrations.RunPython(keep_street, migrations.RunPython.noop),
    ]
