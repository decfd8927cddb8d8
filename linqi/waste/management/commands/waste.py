"""`linqi waste WORD …`: each word is a module of `linqi.waste.management` with `arguments(parser)` and `run(options)` 垃圾分类命令."""

from importlib import import_module
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

WORDS: Final = {  # word → what it does
    "broker": "write who may connect to our own Mosquitto, and run it",
    "listen": "hear the bins over MQTT until told to stop",
    "simulate": "simulated bins of a street tell over MQTT or HTTP, with faults",
    "train": "teach the recogniser from a folder of class folders",
    "evaluate": "measure the recogniser on a folder of class folders",
    "labels": "write labelled pictures as class folders, to train from",
}


class Command(BaseCommand):
    """Exit status 0; 1 with what is wrong on standard error."""

    help = "Bins and recognition of waste; docs/rules/waste_recognition.md."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        words = parser.add_subparsers(dest="word", required=True)
        for word, does in WORDS.items():
            _module(word).arguments(words.add_parser(word, help=does))

    def handle(self, *args: Any, **options: Any) -> None:
        _module(options["word"]).run({**options, "say": self.stdout.write, "warn": self.stderr.write})


def _module(word: str) -> Any:
    return import_module(f"linqi.waste.management.{word}")
