"""The last app to start: it loads every access.py and refuses to run without a scope for each model."""

from django.apps import AppConfig, apps
from django.utils.module_loading import autodiscover_modules


class ConfigConfig(AppConfig):
    name = "linqi.config"
    label = "linqi_config"

    def ready(self) -> None:
        from linqi.kit import access

        autodiscover_modules("access", "menu", "measures", "searchable", "tasks")
        access.check_declared(
            model
            for config in apps.get_app_configs()
            if config.name.startswith("linqi.")
            for model in config.get_models()
        )
