"""The tables of the recogniser of waste; they are what the model card prints.

    python -m bench.waste_recognition tables [--network FILE.onnx] [--data DATA] [--ship]   JSON; --ship writes the shipped files and the card
    python -m bench.waste_recognition card                                                  the card anew from its JSON

DATA holds `trashnet/` and `site_b/`; FILE is of `bench.waste_network`, the shipped one when not named. All is asked through the code of the
product. Head, temperature, gate and the confidence from which something is said are set for each fold by the other folds only.
"""

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from linqi.waste.outside.vision import Network, picture_of
from linqi.waste.recognition.folds import folds_of, neighbours_apart
from linqi.waste.recognition.keeping import Kept, packed, unpacked
from linqi.waste.recognition.measuring import coverage_at, measured
from linqi.waste.recognition.teaching import RIGHT_WHEN_SURE, teach

SHIPPED = Path(__file__).resolve().parent.parent / "linqi/waste/data"
MEANT = {  # folder of site_b: what of TrashNet's classes it may be called; paper and cardboard lie in one folder there
    "aluminium": ("metal",),
    "glass": ("glass",),
    "plastic": ("plastic",),
    "other_plastics": ("plastic",),
    "carton": ("paper", "cardboard"),
    "paper_and_cardboard": ("paper", "cardboard"),
}
GROUP = {
    "aluminium": "metal",
    "glass": "glass",
    "plastic": "plastic",
    "other_plastics": "plastic",
    "carton": "paper",
    "paper_and_cardboard": "paper",
}
STRANGE = ("organic_waste", "textiles", "wood")
ALIKE = 0.95  # correlation of grey thumbnails from which two pictures are one: of 720, none lie between 0.93 and 0.97 but three
LAST = 1280  # features of the last layer; those of the blocks before it follow
LEFT = 10  # pictures of a class that are left to be asked about, however many labels are wanted
DRAWS = 10


def rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value


def seen_in(folder: Path, network: Network) -> tuple[np.ndarray, list[Path], list[str]]:
    """Features, files and classes of the pictures of a folder of class folders, through the code of the product."""
    files = sorted(folder.glob("*/*"))
    parts = [
        network.features([picture_of(one.read_bytes()) for one in files[at : at + 64]])
        for at in range(0, len(files), 64)
    ]
    return np.concatenate(parts), files, [one.parent.name for one in files]


def home(seen: np.ndarray, files: list[Path], named: list[str]) -> dict:
    """TrashNet by folds, each taught on the others as a site teaches: nothing of a fold has a say in how it is judged."""
    classes = sorted(set(named))
    answers = np.array([classes.index(one) for one in named])
    names = [one.name for one in files]
    folds = folds_of(named, names)
    told, unknown, quiet = np.zeros((len(files), len(classes))), np.zeros(len(files), bool), np.zeros(len(files), bool)
    for fold in range(folds.max() + 1):
        mine, rest = folds == fold, np.flatnonzero(folds != fold)
        model = teach(seen[rest], [named[i] for i in rest], [names[i] for i in rest], network="").kept
        told[mine] = model.head.shares(seen[mine])
        unknown[mine] = ~model.gate.knows(seen[mine])
        quiet[mine] = unknown[mine] | (told[mine].max(1) < model.sure_from)
    said, sure = told.argmax(1), told.max(1)
    hit = said == answers
    figures = measured(sure, said, answers, classes, quiet)
    by_fold = [float(hit[folds == fold].mean()) for fold in range(folds.max() + 1)]
    edge = neighbours_apart(named, names, folds)
    return {
        "pictures": len(files),
        "accuracy": figures.accuracy,
        "accuracy_by_fold": by_fold,
        "accuracy_standard_deviation": float(np.std(by_fold, ddof=1)),
        "accuracy_at_edges_of_runs": {
            "pictures": int(edge.sum()),
            "accuracy": float(hit[edge].mean()),
            "elsewhere": float(hit[~edge].mean()),
        },
        "macro_f1": figures.macro_f1,
        "calibration_error": figures.calibration_error,
        "precision_at_80": figures.precision_at_80,
        "precision_at_90": figures.precision_at_90,
        "coverage_at_98": coverage_at(sure, hit, RIGHT_WHEN_SURE)[0],
        "lost_by_the_gate": float(unknown.mean()),
        "refused": figures.refused,
        "right_when_answered": float(hit[~quiet].mean()),
        "per_class": figures.per_class,
        "classes": classes,
        "confusion": [
            [int(((answers == a) & (said == b)).sum()) for b in range(len(classes))] for a in range(len(classes))
        ],
    }


def shipped(seen: np.ndarray, files: list[Path], named: list[str], network: Network) -> Kept:
    """A recogniser taught on all of TrashNet, as its file brings it back."""
    about = {"origin": "EfficientNet-Lite0, taught on TrashNet"}
    return unpacked(packed(teach(seen, named, [one.name for one in files], network.print, about=about).kept))


def thumbs(pictures: list[Image.Image]) -> np.ndarray:
    """Grey pictures of 16 × 16, mean taken away, of length one: pictures × 16 × 16."""
    grey = np.array([np.asarray(one.convert("L").resize((16, 16), Image.Resampling.BOX), float) for one in pictures])
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    return grey / np.maximum(np.sqrt((grey**2).sum(axis=(1, 2), keepdims=True)), 1e-9)


def likest(mine: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each of mine the correlation with each of the others, the highest of its eight positions."""
    best = np.full((len(mine), len(others)), -1.0)
    for flip in (1, -1):
        for turn in range(4):
            turned = np.rot90(mine[:, :, ::flip], turn, axes=(1, 2)).reshape(len(mine), -1)
            best = np.maximum(best, turned @ others.reshape(len(others), -1).T)
    return best


def alike(files: list[Path], homes: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Which pictures lie in TrashNet too, and which came before in their own collection."""
    small, known = (thumbs([Image.open(file).convert("RGB") for file in some]) for some in (files, homes))
    return (
        likest(small, known).max(axis=1) >= ALIKE,
        np.tril(likest(small, small), -1).max(axis=1) >= ALIKE,
    )


def transfer(
    model: Kept, seen: np.ndarray, files: list[Path], named: list[str], twin: np.ndarray, inner: np.ndarray
) -> tuple[dict, dict]:
    """site_b: as it comes, with few labels; and how much of what was never learnt is refused."""
    folder = np.array(named)
    known = np.isin(folder, list(MEANT))
    use = known & ~twin & ~inner
    group = np.array([GROUP.get(one, "") for one in folder])
    classes = list(model.head.classes)
    told = model.head.shares(seen)
    right = np.array(
        [one in MEANT and classes[said] in MEANT[one] for one, said in zip(folder, told.argmax(1), strict=True)]
    )
    fell = ~model.gate.knows(seen)
    quiet = fell | (told.max(1) < model.sure_from)
    strange = {}
    for one in STRANGE:
        here = (folder == one) & ~inner
        strange[one] = {
            "pictures": int(here.sum()),
            "refused_by_the_gate": float(fell[here].mean()),
            "refused": float(quiet[here].mean()),
        }
    table = {
        "pictures": int(known.sum()),
        "dropped_as_in_trashnet": int((known & twin).sum()),
        "dropped_as_doubles": int((known & ~twin & inner).sum()),
        "asked": int(use.sum()),
        "asked_by_class": {one: int((use & (group == one)).sum()) for one in sorted(set(GROUP.values()))},
        "accuracy_with_those_in_trashnet": float(right[known].mean()),
        "classes": {one: list(meant) for one, meant in MEANT.items()},
        "without_labels": {
            "accuracy": float(right[use].mean()),
            "accuracy_by_class": float(
                np.mean([right[use & (group == one)].mean() for one in sorted(set(GROUP.values()))])
            ),
            "by_folder": {one: float(right[use & (folder == one)].mean()) for one in MEANT},
            "refused": float(quiet[use].mean()),
            "right_when_answered": float(right[use & ~quiet].mean()) if (use & ~quiet).any() else None,
        },
        "with_labels": [few(model, seen, folder, files, use, labels) for labels in (5, 20, 50)],
    }
    return table, strange


def few(model: Kept, seen: np.ndarray, folder: np.ndarray, files: list[Path], use: np.ndarray, labels: int) -> dict:
    """A head of the site's own from so many labels a class, asked about all the rest; the mean of ten draws."""
    group = np.array([GROUP.get(one, "") for one in folder])
    scores, evens, errors, seconds = [], [], [], []
    for draw in range(DRAWS):
        deal = np.random.default_rng(draw)
        chosen = np.zeros(len(files), bool)
        for one in sorted(set(GROUP.values())):
            there = np.flatnonzero(use & (group == one))
            chosen[deal.choice(there, min(labels, len(there) - LEFT), replace=False)] = True
        began = time.process_time()
        lesson = teach(
            seen[chosen],
            group[chosen].tolist(),
            [file.name for file in np.array(files)[chosen]],
            model.network,
            merged(model),
        )
        seconds.append(time.process_time() - began)
        asked = use & ~chosen
        told = lesson.kept.head.shares(seen[asked])
        names = list(lesson.kept.head.classes)
        right = np.array([names[said] == one for said, one in zip(told.argmax(1), group[asked], strict=True)])
        scores.append(float(right.mean()))
        evens.append(float(np.mean([right[group[asked] == one].mean() for one in names])))
        errors.append(measured(told.max(1), right, np.ones(len(right)), ["a", "b"]).calibration_error)
    drawn = {one: int((chosen & (group == one)).sum()) for one in sorted(set(GROUP.values()))}
    return {
        "labels": labels,
        "drawn": drawn,
        "accuracy_by_class": float(np.mean(evens)),
        "accuracy": float(np.mean(scores)),
        "standard_deviation": float(np.std(scores, ddof=1)),
        "calibration_error": float(np.mean(errors)),
        "asked": int(asked.sum()),
        "seconds": float(np.mean(seconds)),
    }


def merged(model: Kept) -> Kept:
    """What was learnt at home under the names of the site: cardboard is paper there."""
    classes = tuple("paper" if one == "cardboard" else one for one in model.head.classes)
    return Kept(
        replace(model.head, classes=classes), model.gate, model.learnt, model.sure_from, model.network, model.about
    )


def speed(model: Kept, network: Network, data: Path) -> dict:
    """Pictures by processor second on one core, from file to verdict, and of the network alone."""
    files = sorted((data / "trashnet").glob("*/*"))[::8]
    held = [file.read_bytes() for file in files]
    judge = model.judge({})
    network.features([picture_of(one) for one in held[:16]])
    began = time.process_time()
    judge.verdicts(network.features([picture_of(one) for one in held]))
    whole = time.process_time() - began
    pictures = [picture_of(one) for one in held]
    began = time.process_time()
    network.features(pictures)
    alone = time.process_time() - began
    told = Path("/proc/cpuinfo").read_text()
    processor = next(line.split(":")[1].strip() for line in told.splitlines() if line.startswith("model name"))
    return {
        "pictures": len(files),
        "images_per_second": len(files) / whole,
        "network_alone": len(files) / alone,
        "processor": processor,
    }


def tables(args: argparse.Namespace) -> None:
    network = Network(args.network)
    seen, files, named = seen_in(args.data / "trashnet", network)
    elsewhere, strangers, folders = seen_in(args.data / "site_b", network)
    twins = alike(strangers, files)
    model = shipped(seen, files, named, network)
    moved, strange = transfer(model, elsewhere, strangers, folders, *twins)
    plain, _strange = transfer(
        shipped(seen[:, :LAST], files, named, network), elsewhere[:, :LAST], strangers, folders, *twins
    )
    alone = home(seen[:, :LAST], files, named)
    told = {
        "network_bytes": args.network.stat().st_size,
        "head_bytes": len(packed(model)),
        "sure_from": model.sure_from,
        "temperature": model.head.temperature,
        "gate_threshold": model.gate.threshold,
        "learnt": model.about["pictures"],
        "side": network.side,
        "sharpness": model.head.sharpness,
        "home": home(seen, files, named),
        "last_layer_alone": {
            "accuracy": alone["accuracy"],
            "coverage_at_98": alone["coverage_at_98"],
            "without_labels": plain["without_labels"]["accuracy"],
            "with_labels": [{key: one[key] for key in ("labels", "accuracy")} for one in plain["with_labels"]],
        },
        "speed": speed(model, network, args.data),
        "transfer": moved,
        "never_learnt": strange,
    }
    if args.faces:
        told["faces"] = json.loads(args.faces.read_text())
    told = rounded(told)
    print(json.dumps(told, ensure_ascii=False, indent=1))
    if args.ship:
        (SHIPPED / "recogniser.onnx").write_bytes(args.network.read_bytes())
        (SHIPPED / "recogniser.npz").write_bytes(packed(model))
        (SHIPPED / "model_card.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        card(args)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words = parser.add_subparsers(required=True)
    one = words.add_parser("tables")
    one.add_argument("--network", type=Path, default=SHIPPED / "recogniser.onnx")
    one.add_argument("--data", type=Path, default=Path(os.environ.get("LINQI_DATA", "")) / "waste")
    one.add_argument("--faces", type=Path, help="JSON of bench.waste_faces")
    one.add_argument("--ship", action="store_true")
    one.set_defaults(does=tables)
    words.add_parser("card").set_defaults(does=card)
    args = parser.parse_args()
    args.does(args)


def card(args: argparse.Namespace) -> None:
    """The card in words, every figure from the JSON beside it."""
    from linqi.waste.recognition.card import written

    told = json.loads((SHIPPED / "model_card.json").read_text())
    (SHIPPED / "model_card.md").write_text(written(told))


if __name__ == "__main__":
    main()
