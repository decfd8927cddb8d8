"""Claims know since when they wait and what their confirmation changed; two claims may lead to one fact."""

import django.db.models.deletion
from django.db import migrations, models


def entered(apps, schema_editor):
    """When the claims that are there already were entered, as the journal tells it; elsewhere it stays unknown."""
    Claim = apps.get_model("enterprises", "Claim")
    Entry = apps.get_model("journal", "Entry")
    told = Entry.objects.filter(
        verb="enterprises.claim_made", subject_type="enterprises.claim", subject_id=models.OuterRef("pk")
    )
    Claim.objects.update(entered_at=models.Subquery(told.order_by("pk").values("at")[:1]))


class Migration(migrations.Migration):
    dependencies = [
        ("enterprises", "0001_initial"),
        ("journal", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="claim",
            name="before",
            field=models.JSONField(help_text="What its confirmation made and superseded, for undo.", null=True),
        ),
        migrations.AddField(
            model_name="claim",
            name="entered_at",
            field=models.DateTimeField(help_text="Since when it waits; empty where nobody wrote it down.", null=True),
        ),
        migrations.AlterField(
            model_name="claim",
            name="fact",
            field=models.ForeignKey(
                help_text="Two claims may say the very same.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="claims",
                to="enterprises.fact",
            ),
        ),
        migrations.RunPython(entered, migrations.RunPython.noop),
    ]
