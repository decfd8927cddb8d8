"""`linqi waste evaluate DIR [--json]`: the recogniser in use, measured on pictures whose class is known 评测."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import CommandError

from linqi.waste.kinds import Doubt
from linqi.waste.management.folders import Seen, seen
from linqi.waste.outside.vision import NetworkUnusable, VisionAbsent
from linqi.waste.recogniser import in_use
from linqi.waste.recognition.keeping import ModelUnusable
from linqi.waste.recognition.measuring import measured
from linqi.waste.recognition.streams import StreamsWrong
from linqi.waste.recognition.verdict import Judge


def arguments(parser: ArgumentParser) -> None:
    """What may follow the word."""
    parser.add_argument("dir", type=Path, help="a folder that holds a folder of pictures for each class")
    parser.add_argument("--json", action="store_true")


def run(options: dict[str, Any]) -> None:
    """Print the figures; images_per_second is pictures by processor second, from file to verdict."""
    try:
        network, judge = in_use()
        began = time.process_time()
        looked = seen(options["dir"], network)
        told = _figures(looked, judge)
        spent = time.process_time() - began
    except (VisionAbsent, NetworkUnusable, ModelUnusable, StreamsWrong) as trouble:
        raise CommandError(str(trouble)) from trouble
    told["images_per_second"] = round((len(looked.names) + len(looked.unreadable)) / max(spent, 1e-9), 1)
    for file, why in looked.unreadable:
        options["warn"](f"{file}: {why}")
    for note in told["notes"]:
        options["warn"](note)
    if options["json"]:
        options["say"](json.dumps(told, ensure_ascii=False))
        return
    for key, value in told.items():
        options["say"](f"{key}: {value}")


def _figures(looked: Seen, judge: Judge) -> dict[str, Any]:
    """Folders of a class that was never learnt count as wrong when they are answered, and their refusal is told beside."""
    learnt = list(judge.head.classes)
    classes = learnt + sorted(set(looked.labels) - set(learnt))
    answers = np.array([classes.index(one) for one in looked.labels])
    shares = judge.head.shares(looked.features)
    verdicts = judge.verdicts(looked.features)
    quiet = np.array([one.doubt != Doubt.SURE for one in verdicts])
    figures = measured(shares.max(axis=1), shares.argmax(axis=1), answers, classes, quiet)
    strange = answers >= len(learnt)
    reasons = {why.value: sum(one.doubt == why for one in verdicts) for why in (Doubt.UNSURE, Doubt.UNKNOWN)}
    notes = []
    if len(set(looked.labels)) == 1:
        notes.append(f"Only one class ({looked.labels[0]}): macro_f1 and calibration_error say little.")
    if strange.any():
        names = ", ".join(classes[len(learnt) :])
        notes.append(
            f"Never learnt, so never right: {names}. Their share refused is told under refused_unknown_classes."
        )
    if looked.passed_over:
        notes.append(f"{len(looked.passed_over)} files are no pictures by their name and were passed over.")
    return {
        "accuracy": figures.accuracy,
        "macro_f1": figures.macro_f1,
        "calibration_error": figures.calibration_error,
        "precision_at_80": figures.precision_at_80,
        "precision_at_90": figures.precision_at_90,
        "refused": figures.refused,
        "images_per_second": None,
        "asked": figures.asked,
        "unreadable": len(looked.unreadable),
        "reasons": reasons,
        "refused_unknown_classes": float(quiet[strange].mean()) if strange.any() else None,
        "right_when_answered": _share_right(shares.argmax(axis=1) == answers, ~quiet),
        "per_class": figures.per_class,
        "notes": notes,
    }


def _share_right(hit: np.ndarray, said: np.ndarray) -> float | None:
    return float(hit[said].mean()) if said.any() else None
