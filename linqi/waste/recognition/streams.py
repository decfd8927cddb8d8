"""Which class of the recogniser goes into which of the four streams 四分类."""

from collections.abc import Mapping
from typing import Any

import yaml

from linqi.waste.kinds import Stream


class StreamsWrong(ValueError):
    """The table of classes cannot be used; the text says what to mend."""


def read_streams(text: str) -> dict[str, Stream]:
    """Class → stream from a table that lists under each stream its classes; StreamsWrong says what is wrong with it."""
    try:
        told: Any = yaml.safe_load(text)
    except yaml.YAMLError as broken:
        raise StreamsWrong(f"streams: no YAML ({broken}).") from broken
    if not isinstance(told, Mapping):
        raise StreamsWrong("streams: a table of stream: [class, …] is wanted.")
    answer: dict[str, Stream] = {}
    for stream, classes in told.items():
        if stream not in Stream.values:
            raise StreamsWrong(f"streams: “{stream}” is none of {', '.join(Stream.values)}.")
        if not isinstance(classes, list) or not all(isinstance(one, str) and one.strip() for one in classes):
            raise StreamsWrong(f"streams: {stream} wants a list of class names.")
        for one in classes:
            if answer.get(one, stream) != stream:
                raise StreamsWrong(f"streams: “{one}” is listed under {answer[one]} and under {stream}; keep one.")
            answer[one] = Stream(stream)
    return answer
