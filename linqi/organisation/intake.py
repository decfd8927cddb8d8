"""The sections that a street usually has, read from the product's file."""

from importlib.resources import files

import yaml


def default_departments() -> list[tuple[str, str]]:
    """Code and name of each section to start from 产品默认科室."""
    text = files("linqi.organisation").joinpath("data/departments.yaml").read_text(encoding="utf-8")
    return [(row["code"], row["name"]) for row in yaml.safe_load(text)]
