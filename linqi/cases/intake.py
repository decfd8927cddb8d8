"""What the product brings along for cases, read from its files: time limits, and examples to learn from."""

from dataclasses import dataclass
from importlib.resources import files

import yaml


@dataclass(frozen=True, slots=True)
class LimitRow:
    """The limits of one class, as terms of kit.clock; `contact`, `extend` empty: none 默认时限."""

    case_class: str
    accept: str
    contact: str
    close: str
    extend: str


def default_limits() -> list[LimitRow]:
    """Every class of `data/time_limits.yaml` 产品默认时限."""
    text = files("linqi.cases").joinpath("data/time_limits.yaml").read_text(encoding="utf-8")
    return [
        LimitRow(row["class"], row["accept"], row.get("contact", ""), row["close"], row.get("extend", ""))
        for row in yaml.safe_load(text)
    ]


@dataclass(frozen=True, slots=True)
class ReplyTemplate:
    """An answer to begin from; 【…】 is to be filled in 答复模板."""

    outcome: str
    title: str
    text: str


def reply_templates() -> list[ReplyTemplate]:
    """Every answer of `data/replies.yaml` 答复模板."""
    text = files("linqi.cases").joinpath("data/replies.yaml").read_text(encoding="utf-8")
    return [ReplyTemplate(row["outcome"], row["title"], row["text"]) for row in yaml.safe_load(text)]


@dataclass(frozen=True, slots=True)
class Example:
    """Something an enterprise might say, and what it is about 起步样例."""

    window: str
    service: str
    category: str
    text: str


def starter_examples() -> list[Example]:
    """Every example of `data/examples/`: one file a window, `# service | category` before the texts 起步样例.

    Written for this product, so that a street without any closed case has something to learn from. ValueError names
    the file and line that cannot be read.
    """
    found = []
    for file in sorted(files("linqi.cases").joinpath("data/examples").iterdir(), key=lambda one: one.name):
        service = category = ""
        for at, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            text = line.strip()
            if text.startswith("# "):
                service, bar, category = (part.strip() for part in text[2:].partition("|"))
                if not bar:
                    raise ValueError(f"{file.name}:{at}: a heading reads '# service | category'.")
            elif text and not service:
                raise ValueError(f"{file.name}:{at}: a text before the first heading.")
            elif text:
                found.append(Example(file.name.removesuffix(".txt"), service, category, text))
    return found


def starter_terms() -> dict[str, list[str]]:
    """Words that speak for a category, by its code: `# category` before the words, a blank between two 起步词表.

    Written for this product. ValueError names the line that cannot be read.
    """
    found: dict[str, list[str]] = {}
    text = files("linqi.cases").joinpath("data/terms.txt").read_text(encoding="utf-8")
    category = ""
    for at, line in enumerate(text.splitlines(), 1):
        if line.startswith("# "):
            category = line[2:].strip()
        elif line.strip() and not category:
            raise ValueError(f"terms.txt:{at}: words before the first heading.")
        else:
            found.setdefault(category, []).extend(line.split())
    return found
