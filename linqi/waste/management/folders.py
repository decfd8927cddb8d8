"""Folders of class folders: DIR/glass/*.jpg, DIR/paper/*.png …"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from django.core.management.base import CommandError
from numpy.typing import NDArray

from linqi.kit.pictures import PictureRefused
from linqi.waste.outside.vision import BATCH, MOST_BYTES, Network, picture_of

ENDINGS: Final = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True, slots=True)
class Seen:
    """Features of the pictures that could be opened, with label and name; and what could not be."""

    features: NDArray[np.float32]
    labels: list[str]
    names: list[str]
    unreadable: list[tuple[str, str]]  # file, why
    passed_over: list[str]  # files that are no pictures by their name


def seen(folder: Path, network: Network) -> Seen:
    """Every picture of a folder of class folders; CommandError when there is no such thing."""
    if not folder.is_dir():
        raise CommandError(
            f"{folder} is no folder. Name one that holds a folder for each class: {folder}/glass/1.jpg …"
        )
    classes = sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    if not classes:
        raise CommandError(
            f"{folder} holds no class folders. Put the pictures into one folder a class: {folder}/glass/1.jpg …"
        )
    rows: list[NDArray[np.float32]] = []
    labels: list[str] = []
    names: list[str] = []
    unreadable: list[tuple[str, str]] = []
    passed_over: list[str] = []
    batch: list[tuple[Path, object]] = []

    def ask() -> None:
        rows.append(network.features([picture for _file, picture in batch]))  # type: ignore[misc]
        labels.extend(file.parent.name for file, _picture in batch)
        names.extend(file.name for file, _picture in batch)
        batch.clear()

    for file in _files(classes):
        if file.suffix.lower() not in ENDINGS:
            passed_over.append(str(file))
            continue
        try:
            if file.stat().st_size > MOST_BYTES:
                raise ValueError("larger than 8 MB")
            batch.append((file, picture_of(file.read_bytes())))
        except PictureRefused as refused:
            unreadable.append((str(file), refused.why.value))
        except (OSError, ValueError) as broken:
            unreadable.append((str(file), str(broken)))
        if len(batch) == BATCH:
            ask()
    if batch:
        ask()
    if not names:
        raise CommandError(
            f"{folder}: no picture could be opened ({len(unreadable)} unreadable, {len(passed_over)} of other kinds). JPEG, PNG or WebP up to 8 MB are wanted."
        )
    return Seen(np.concatenate(rows), labels, names, unreadable, passed_over)


def _files(classes: list[Path]) -> Iterator[Path]:
    for one in classes:
        yield from sorted(file for file in one.iterdir() if file.is_file())
