"""A building's rota holds from a day until another; what stands already holds from the beginning."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("territory", "0001_initial"),
        ("visits", "0004_devices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(name="buildingrota", options={"ordering": ["-pk"]}),
        migrations.AddField(model_name="buildingrota", name="before", field=models.JSONField(null=True)),
        migrations.AddField(
            model_name="buildingrota", name="reason", field=models.CharField(blank=True, max_length=200, default="")
        ),
        migrations.AlterField(
            model_name="buildingrota", name="reason", field=models.CharField(blank=True, max_length=200)
        ),
        migrations.AddField(
            model_name="buildingrota",
            name="set_at",
            field=models.DateTimeField(help_text="Empty where nobody wrote it down.", null=True),
        ),
        migrations.AddField(
            model_name="buildingrota",
            name="since",
            field=models.DateField(help_text="First day in force; empty: from the beginning.", null=True),
        ),
        migrations.AddField(
            model_name="buildingrota",
            name="until",
            field=models.DateField(help_text="First day no longer in force.", null=True),
        ),
        migrations.AlterField(
            model_name="buildingrota",
            name="building",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="rotas", to="territory.place"
            ),
        ),
        migrations.AlterField(
            model_name="buildingrota",
            name="visits",
            field=models.PositiveSmallIntegerField(
                help_text="Visits in a week; 0: none; empty: as the street says.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="buildingrota",
            index=models.Index(fields=["building", "since"], name="building_rota_since"),
        ),
        migrations.AddConstraint(
            model_name="buildingrota",
            constraint=models.CheckConstraint(
                condition=Q(until=None) | Q(since=None) | Q(until__gt=F("since")), name="building_rota_dates_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="buildingrota",
            constraint=models.UniqueConstraint(
                fields=["building"], condition=Q(until=None), name="building_rota_one_open"
            ),
        ),
    ]
