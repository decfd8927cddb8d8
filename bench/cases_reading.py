"""What requests are about and which are alike: on the hotline data, from nothing upwards, and on what the product brings.

    LINQI_DATA=../shared/data .venv/bin/python -m bench.cases_reading [PART …]

Parts: starters, hand, raw, tokenised, union, similar; without any, all of them. Five folds, near-duplicates in one fold;
each fold is read by a reader that has not seen it, its confidence calibrated inside the other four. The baselines of
engines.md (section 6) are run in the same folds. Cold start: so many labels of each class, one fifth held out.

Most raw messages stand among the tokenised ones too, under other words: no exact comparison finds them. They are found
by their likeness and never learnt from where their twin is read (`twins`).

`hotline_by_hand.csv`: 139 messages of `messages.csv` that name something a window here handles, our category chosen by
hand from the title before any reader had seen them. Nothing of them was learnt from: what a street may expect that
begins with nothing but what the product brings. One JSON object on standard output.
"""

import argparse
import csv
import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from linqi.cases.intake import starter_examples, starter_terms
from linqi.cases.likeness import Pool, Text
from linqi.cases.reading import Proposal, alike, folds, judged, normal, read_unseen, train
from linqi.cases.rules import likeliest_window

csv.field_size_limit(4 * 1024 * 1024)
HOTLINE = Path(os.environ.get("LINQI_DATA", "../shared/data")) / "hotline"
BY_HAND = Path(__file__).with_name("hotline_by_hand.csv")
TWINS = 0.3  # cosine of pairs of characters; twins lie at 0.4 to 0.9, strangers at 0.1 to 0.25
COUNTS = (5, 20, 50, 100)


def main() -> None:
    parts = {one.__name__: one for one in (starters, hand, raw, tokenised, union, similar)}
    asked = argparse.ArgumentParser()
    asked.add_argument("parts", nargs="*", choices=[[], *parts], default=[])
    wanted = asked.parse_args().parts or list(parts)
    print(json.dumps({name: parts[name]() for name in wanted}, ensure_ascii=False, indent=1))


def starters() -> dict[str, object]:
    """What the product brings, each example read by a reader that has not seen it."""
    texts, labels = brought()
    return {
        "rows": len(texts),
        "labels": len(set(labels)),
        "examples_alone": by_window(labels, read_unseen(texts, labels)),
        "with_terms": by_window(labels, read_unseen(texts, labels, starter_terms())),
    }


def hand() -> dict[str, object]:
    """Real messages read by a reader that knows nothing but what the product brings."""
    messages = {row["id"]: f"{row['title'].strip()}\n{row['body'].strip()}" for row in read(HOTLINE / "messages.csv")}
    rows = read(BY_HAND)
    asked, said = [messages[row["id"]] for row in rows], [row["category"] for row in rows]
    texts, labels = brought()
    began = time.process_time()  # of the processor: others work on the machine
    reader = train(texts, labels, starter_terms())
    learnt = time.process_time()
    found = reader.propose_all(asked)
    each = time.process_time()
    for text in asked:
        reader.propose(text)
    answered = [one.label == label for one, label in zip(found, said, strict=True) if one.label]
    return {
        "rows": len(rows),
        "labels": len(set(said)),
        "examples_alone": by_window(said, train(texts, labels).propose_all(asked)),
        "with_terms": by_window(said, found),
        "answered": len(answered),
        "answered_right": sum(answered),
        "learning_seconds": round(learnt - began, 1),
        "proposal_ms": round((time.process_time() - each) / len(asked) * 1000, 2),
    }


def raw() -> dict[str, object]:
    rows = read(HOTLINE / "raw_labelled.csv")
    texts, labels = [f"{row['title']}\n{row['body']}" for row in rows], [row["label"] for row in rows]
    others = read(HOTLINE / "train_tokenized.csv")
    twin = twins([row["tokens"] for row in others], texts)
    more = [(row["tokens"], row["label"]) for row, known in zip(others, twin, strict=True) if not known]
    return {
        "ours": five_folds(texts, labels),
        "baseline_characters": baseline(texts, labels, characters),
        "with_more_labels": {
            "more": len(more),
            "left_out_as_twins": int(sum(twin)),
            **five_folds(texts, labels, more),
        },
        "cold_start": cold(texts, labels),
    }


def tokenised() -> dict[str, object]:
    rows = read(HOTLINE / "train_tokenized.csv")
    texts, labels = [row["tokens"] for row in rows], [row["label"] for row in rows]
    began = time.process_time()
    train(texts, labels)
    seconds = time.process_time() - began
    return {
        "learning_seconds": round(seconds, 1),
        "ours": five_folds(texts, labels),
        "baseline_characters": baseline(texts, labels, characters),
        "baseline_words": baseline(texts, labels, tokens),
        "cold_start": cold(texts, labels),
    }


def union() -> dict[str, object]:
    """Both files, each message once."""
    rows, others = read(HOTLINE / "train_tokenized.csv"), read(HOTLINE / "raw_labelled.csv")
    texts, labels = [row["tokens"] for row in rows], [row["label"] for row in rows]
    raws = [f"{row['title']}\n{row['body']}" for row in others]
    twin = twins(raws, texts)
    for text, row, known in zip(raws, others, twin, strict=True):
        if not known:
            texts.append(text)
            labels.append(row["label"])
    return {
        "left_out_as_twins": int(sum(twin)),
        "ours": five_folds(texts, labels),
        "baseline_characters": baseline(texts, labels, characters),
    }


def similar() -> dict[str, float]:
    """Whether another message about the same issue stands first, and where the first of them stands."""
    texts = [Text(row["id"], row["title"], row["body"]) for row in read(HOTLINE / "messages.csv")]
    same: dict[str, set[str]] = defaultdict(set)
    for row in read(HOTLINE / "same_issue_pairs.csv"):
        same[row["id_a"]].add(row["id_b"])
        same[row["id_b"]].add(row["id_a"])
    asked = [text for text in texts if text.id in same]
    found = Pool(texts).nearest_all(asked, 100)
    ranks = [
        next((at for at, like in enumerate(likes, 1) if like.id in same[text.id]), None)
        for text, likes in zip(asked, found, strict=True)
    ]
    return {
        "asked": len(asked),
        "pool": len(texts),
        "hit_at_1": share([rank == 1 for rank in ranks]),
        "hit_at_5": share([rank is not None and rank <= 5 for rank in ranks]),
        "mean_reciprocal_rank": share([1 / rank if rank else 0 for rank in ranks]),
    }


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def brought() -> tuple[list[str], list[str]]:
    examples = starter_examples()
    return [one.text for one in examples], [one.category for one in examples]


def share(hits: Sequence[Any]) -> float:
    return round(float(np.mean(hits)), 4)


def twins(texts: Sequence[str], others: Sequence[str]) -> list[bool]:
    """Of each text, whether one of the others tells the same story."""
    pairs = TfidfVectorizer(analyzer="char", ngram_range=(2, 2), sublinear_tf=True, min_df=2, dtype=np.float32)
    rows = pairs.fit_transform([normal(text) for text in (*texts, *others)])
    nearest = (rows[: len(texts)] @ rows[len(texts) :].T).max(axis=1).toarray().ravel()
    return [bool(one >= TWINS) for one in nearest]


def five_folds(texts: list[str], labels: list[str], more: Sequence[tuple[str, str]] = ()) -> dict[str, object]:
    began = time.perf_counter()
    found = judged(labels, read_unseen(texts, labels, more=more))
    return {
        "rows": len(texts),
        "seconds": round(time.perf_counter() - began, 1),
        **{key: round(value, 4) for key, value in asdict(found).items()},
    }


def by_window(labels: list[str], found: list[Proposal]) -> dict[str, object]:
    """How well the categories are said, and the windows that handle them."""
    window = {one.category: one.window for one in starter_examples()}
    pairs = list(zip(found, labels, strict=True))
    return {
        **{key: round(value, 4) for key, value in asdict(judged(labels, found)).items()},
        "window_alone": alone(window, pairs),
        "first_three": share([label in [name for name, _sure in one.ranked[:3]] for one, label in pairs]),
        "window": share([window[one.ranked[0][0]] == window[label] for one, label in pairs]),
    }


def alone(window: dict[str, str], pairs: list[tuple[Proposal, str]]) -> dict[str, int]:
    """Where the category is left open: how often the window is named all the same, and how often it is right."""
    open_ = [(likeliest_window(one.ranked, window), window[label]) for one, label in pairs if one.label is None]
    named = [(found[0], right) for found, right in open_ if found]
    return {"left_open": len(open_), "named": len(named), "right": sum(one == right for one, right in named)}


def characters() -> Any:
    """Baseline of engines.md: one to three characters, one boundary for each label."""
    return make_pipeline(
        TfidfVectorizer(
            analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2, preprocessor=normal, lowercase=False
        ),
        LinearSVC(random_state=0),
    )


def tokens() -> Any:
    """Baseline of engines.md: the words of the tokenised file, logistic regression."""
    return make_pipeline(
        TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True, min_df=2), LogisticRegression(C=10, max_iter=300)
    )


def baseline(texts: list[str], labels: list[str], made: Any) -> dict[str, float]:
    """Macro-F1, and the right label among the first two, in the same folds."""
    said = np.array(labels, dtype=object)
    first, second = np.empty(len(said), dtype=object), np.empty(len(said), dtype=object)
    for learn, hold in folds(texts, said):
        learnt = made().fit([texts[at] for at in learn], said[learn])
        order = np.argsort(-learnt.decision_function([texts[at] for at in hold]), axis=1)
        first[hold], second[hold] = learnt.classes_[order[:, 0]], learnt.classes_[order[:, 1]]
    return {
        "macro_f1": round(float(f1_score(labels, list(first), average="macro")), 4),
        "first_two": share((first == said) | (second == said)),
    }


def cold(texts: list[str], labels: list[str]) -> dict[str, float]:
    """Macro-F1 on one fifth, by labels of each class learnt from; the mean of three draws."""
    groups: dict[str, list[int]] = defaultdict(list)
    for at, text in enumerate(texts):
        groups[alike(normal(text))].append(at)
    found: dict[str, float] = {}
    for count in COUNTS:
        scores = []
        for seed in range(3):
            dice = random.Random(seed)
            order = sorted(groups.values())
            dice.shuffle(order)
            held = [at for group in order[: len(order) // 5] for at in group]
            by_label: dict[str, list[int]] = defaultdict(list)
            for group in order[len(order) // 5 :]:
                for at in group:
                    by_label[labels[at]].append(at)
            learn = [at for one in sorted(by_label) for at in by_label[one][:count]]
            reader = train([texts[at] for at in learn], [labels[at] for at in learn])
            said = [one.ranked[0][0] for one in reader.propose_all([texts[at] for at in held])]
            scores.append(f1_score([labels[at] for at in held], said, average="macro", zero_division=0))
        found[str(count)] = round(float(np.mean(scores)), 4)
    return found


if __name__ == "__main__":
    main()
