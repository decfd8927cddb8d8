"""`linqi cases train|evaluate|similar|learn`: what texts are about and which are alike 研判与比对."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from sklearn.metrics import f1_score

from linqi.cases import actions
from linqi.cases.likeness import Pool, Text
from linqi.cases.reading import CannotLearn, Reader, calibration_error, coverage_at, train
from linqi.kit.access import SYSTEM

NAMES: Final = {  # a column under the names people give it
    "id": ("id", "编号", "留言编号", "工单编号"),
    "title": ("title", "标题", "留言主题", "主题", "事项"),
    "body": ("body", "内容", "留言详情", "详情", "正文"),
    "label": ("label", "标签", "类别", "一级标签", "分类"),
    "text": ("text", "tokens", "文本"),
    "place": ("place", "地点", "位置"),
    "enterprise": ("enterprise", "企业", "企业名称"),
}
LARGEST: Final = 512 * 1024 * 1024  # bytes
csv.field_size_limit(4 * 1024 * 1024)


class Command(BaseCommand):
    """Exit status 0; 1 with what cannot be read on standard error."""

    help = "Learn what requests are about, measure it, and find requests that are alike; docs/rules/likeness.md."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        learn = what.add_parser("train", help="learn from a labelled file")
        learn.add_argument("file", type=Path)
        learn.add_argument("--out", type=Path, default=Path("reader.npz"), help="where the reader is kept")
        measure = what.add_parser("evaluate", help="learn from one file, measure on another")
        measure.add_argument("train", type=Path)
        measure.add_argument("test", type=Path)
        for one in (learn, measure):
            one.add_argument("--text", help="column of the text; default: text, tokens, or title and body")
            one.add_argument("--label", help="column of the label; default: label")
            one.add_argument("--json", action="store_true")
        what.add_parser("learn", help="learn from the examples and the closed cases here, and use it").add_argument(
            "--json", action="store_true"
        )
        alike = what.add_parser("similar", help="the most alike of a pool, for each query")
        alike.add_argument("--pool", type=Path, required=True)
        alike.add_argument("--queries", type=Path, required=True)
        alike.add_argument("-k", type=int, default=5)
        alike.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['what']}")(options)

    def _train(self, options: dict[str, Any]) -> None:
        texts, labels = _labelled(options["file"], options["text"], options["label"])
        reader = _learnt(texts, labels)
        reader.save(options["out"])
        told = {
            "rows": len(texts),
            "labels": list(reader.labels),
            "version": reader.version,
            "answers_from": reader.answers_from,
            "out": str(options["out"]),
        }
        self._say(told, as_json=options["json"])

    def _evaluate(self, options: dict[str, Any]) -> None:
        reader = _learnt(*_labelled(options["train"], options["text"], options["label"]))
        texts, labels = _labelled(options["test"], options["text"], options["label"])
        found = reader.propose_all(texts)
        first = [one.ranked[0][0] for one in found]
        right = np.array([said == label for said, label in zip(first, labels, strict=True)])
        sure = np.array([one.ranked[0][1] if one.reasons or one.confidence else 0.0 for one in found])
        share, _from = coverage_at(sure, right)
        told = {
            "accuracy": float(right.mean()),
            "macro_f1": float(f1_score(labels, first, average="macro", zero_division=0)),
            "calibration_error": calibration_error(sure, right),
            "coverage_at_95": share,
            "labels": sorted({*reader.labels, *labels}),
        }
        self._say(told, as_json=options["json"])

    def _learn(self, options: dict[str, Any]) -> None:
        try:
            made = actions.learn(by=SYSTEM)
        except CannotLearn as trouble:
            raise CommandError(str(trouble)) from trouble
        told = {"version": made.version, "starters": made.starters, "own": made.own, **made.measured}
        self._say(told, as_json=options["json"])

    def _similar(self, options: dict[str, Any]) -> None:
        pool, queries = _texts(options["pool"]), _texts(options["queries"])
        found = Pool(pool).nearest_all(queries, max(options["k"], 0))
        told = {
            asked.id: [{"id": one.id, "score": round(one.score, 6)} for one in likes]
            for asked, likes in zip(queries, found, strict=True)
        }
        self._say(told, as_json=options["json"])

    def _say(self, told: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for key, value in told.items():
            self.stdout.write(f"{key}: {value}")


def _learnt(texts: Sequence[str], labels: Sequence[str]) -> Reader:
    try:
        return train(texts, labels)
    except CannotLearn as trouble:
        raise CommandError(str(trouble)) from trouble


def _labelled(path: Path, text: str | None, label: str | None) -> tuple[list[str], list[str]]:
    rows, columns = _rows(path)
    label_at = _column(path, columns, label, "label")
    if text is not None or any(name in columns for name in NAMES["text"]):
        said = [row[_column(path, columns, text, "text")] for row in rows]
    else:
        title, body = _column(path, columns, None, "title"), _column(path, columns, None, "body")
        said = [f"{row[title]}\n{row[body]}" for row in rows]
    labels = [row[label_at].strip() for row in rows]
    for number, one in enumerate(labels, start=2):
        if not one:
            raise CommandError(f"{path}, row {number}: column “{columns[label_at]}” is empty; give the row its label.")
    return said, labels


def _texts(path: Path) -> list[Text]:
    rows, columns = _rows(path)
    at = {name: _column(path, columns, None, name) for name in ("id", "title")}
    for name in ("body", "place", "enterprise"):
        known = [one for one in NAMES[name] if one in columns]
        if known:
            at[name] = columns.index(known[0])
    texts = [Text(**{name: row[column].strip() for name, column in at.items()}) for row in rows]
    seen: dict[str, int] = {}
    for number, one in enumerate(texts, start=2):
        if one.id in seen:
            raise CommandError(f"{path}, row {number}: id {one.id} stands in row {seen[one.id]} too; make ids unique.")
        seen[one.id] = number
    return texts


def _rows(path: Path) -> tuple[list[list[str]], list[str]]:
    """The rows of a CSV file in UTF-8 or GB 18030, each as long as its heading; CommandError names the row."""
    try:
        if path.stat().st_size > LARGEST:
            raise CommandError(f"{path} is larger than {LARGEST // 1024 // 1024} MB.")
        content = path.read_bytes()
    except OSError as trouble:
        raise CommandError(f"{path} cannot be read: {trouble.strerror}.") from trouble
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as trouble:
            raise CommandError(f"{path} is neither UTF-8 nor GB 18030.") from trouble
    lines = list(csv.reader(text.replace("\x00", "").splitlines(keepends=True)))
    if len(lines) < 2:
        raise CommandError(f"{path} has no rows below its heading.")
    columns = [name.strip() for name in lines[0]]
    rows = [line for line in lines[1:] if any(line)]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(columns):
            raise CommandError(f"{path}, row {number}: {len(row)} cells under {len(columns)} headings.")
    return rows, columns


def _column(path: Path, columns: list[str], asked: str | None, what: str) -> int:
    names = (asked,) if asked else NAMES[what]
    for name in names:
        if name in columns:
            return columns.index(name)
    raise CommandError(f"{path} has no column “{names[0]}”; its columns are: {', '.join(columns)}.")
