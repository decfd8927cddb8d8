"""`linqi waste train DIR [--out FILE]`: the site's own recogniser from its own labels, in seconds 训练."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from linqi.waste.management.folders import seen
from linqi.waste.outside.vision import NetworkUnusable, VisionAbsent
from linqi.waste.recogniser import kept_in_use
from linqi.waste.recognition.head import CannotTeach
from linqi.waste.recognition.keeping import ModelUnusable, packed
from linqi.waste.recognition.teaching import Lesson, teach


def arguments(parser: ArgumentParser) -> None:
    """What may follow the word."""
    parser.add_argument("dir", type=Path, help="a folder that holds a folder of pictures for each class")
    parser.add_argument(
        "--out", type=Path, default=Path("waste.npz"), help="the model file; name it in LINQI_WASTE_MODEL to use it"
    )
    parser.add_argument(
        "--alone", action="store_true", help="learn from these pictures only, not from what is known already"
    )
    parser.add_argument("--json", action="store_true")


def run(options: dict[str, Any]) -> None:
    """Teach and write the file; nothing is written when there is too little to learn from."""
    try:
        before, network = kept_in_use()
        looked = seen(options["dir"], network)
        began = time.monotonic()
        about = {"origin": "linqi waste train", "folder": options["dir"].name}
        lesson = teach(
            looked.features, looked.labels, looked.names, network.print, None if options["alone"] else before, about
        )
        took = time.monotonic() - began
    except (VisionAbsent, NetworkUnusable, ModelUnusable, CannotTeach) as trouble:
        raise CommandError(str(trouble)) from trouble
    for file, why in looked.unreadable:
        options["warn"](f"{file}: {why}; left out")
    target: Path = options["out"]
    try:
        new = target.with_name(f".{target.name}.new")
        new.write_bytes(packed(lesson.kept))
        new.replace(target)
    except OSError as trouble:
        raise CommandError(f"{target} cannot be written: {trouble.strerror}.") from trouble
    _tell(lesson, target, took, len(looked.unreadable), options)


def _tell(lesson: Lesson, target: Path, took: float, unreadable: int, options: dict[str, Any]) -> None:
    figures = lesson.measured
    told = {
        "out": str(target),
        "classes": list(lesson.kept.head.classes),
        "pictures": figures.asked,
        "unreadable": unreadable,
        "held_out_accuracy": figures.accuracy,
        "held_out_macro_f1": figures.macro_f1,
        "held_out_calibration_error": figures.calibration_error,
        "sure_from": lesson.kept.sure_from,
        "answered": lesson.surely,
        "seconds": round(took, 2),
    }
    if options["json"]:
        options["say"](json.dumps(told, ensure_ascii=False))
        return
    for key, value in told.items():
        options["say"](f"{key}: {value}")
    options["say"](f"To use it: LINQI_WASTE_MODEL={target.resolve()}")
