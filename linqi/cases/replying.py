"""What an answer still lacks, before it is sent: pure. It only asks; whoever answers decides 答复前检查.

Sources: what the hotline rules ask of an answer (domain.md A16: each question answered, date, basis, contact). Words and
shares are defaults of the product.
"""

import re
from typing import Final, NamedTuple

from linqi.kit.choices import Choice

SHORTEST: Final = 20  # characters; below, nobody learns what was done
COVERED: Final = 0.34  # of the pairs of characters of a question, when its answer speaks of it
_ENDS: Final = re.compile(r"[。！!；;\n]+|(?<=[？?])")
_ASKS: Final = re.compile(r"[？?]|吗|怎么|如何|多少|哪里|哪儿|什么时候|何时|能不能|可不可以|是否|为什么|谁")
_LATER: Final = re.compile(r"将(?!来)|预计|计划|承诺|下周|下月|近期|随后|之后会|安排")
_DAY: Final = re.compile(
    r"\d{1,2}\s*月\s*\d{1,2}\s*[日号]|\d{4}-\d{1,2}-\d{1,2}|\d+\s*个?(工作日|天|小时)内|(今天|明天|本周[一二三四五六日])"
)
_VAGUE: Final = re.compile(r"尽快|适时|酌情|相关部门|有关部门|正在研究|加强管理|高度重视|进一步")
_BASIS: Final = re.compile(r"《[^》]+》|第[一二三四五六七八九十百0-9]+条|〔\d{4}〕|\[\d{4}\]")
_CONTACT: Final = re.compile(r"\d{7,}|\d{3,4}-\d{7,8}|联系人|12345")
_PRIVATE: Final = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_HAN: Final = re.compile(r"[\u3400-\u9fff]+")


class Doubt(Choice):
    """What an answer seems to lack 答复疑点."""

    SHORT = "short", "太短，看不出办了什么"
    QUESTION = "question", "这个问题好像没有回答"
    DATE = "date", "说了以后要做，没有说什么时候"
    VAGUE = "vague", "用了空话，请写具体做了什么"
    BASIS = "basis", "不能办的，请写明依据的文件或条款"
    CONTACT = "contact", "没有写联系人或电话"
    PRIVATE = "private", "含有身份证号，请去掉"


class Found(NamedTuple):
    """One doubt, and the words it is about."""

    doubt: Doubt
    about: str


def doubts(asked: str, answer: str, *, refused: bool = False) -> list[Found]:
    """What an answer to a request seems to lack; empty when nothing does.

    `refused`: the answer says that it cannot be done, so it must name its basis.
    """
    said = answer.strip()
    found = [Found(Doubt.QUESTION, question) for question in questions(asked) if not _speaks_of(said, question)]
    if len(said) < SHORTEST:
        found.insert(0, Found(Doubt.SHORT, ""))
    if (later := _LATER.search(said)) and not _DAY.search(said):
        found.append(Found(Doubt.DATE, later[0]))
    if vague := _VAGUE.search(said):
        found.append(Found(Doubt.VAGUE, vague[0]))
    if refused and not _BASIS.search(said):
        found.append(Found(Doubt.BASIS, ""))
    if not _CONTACT.search(said):
        found.append(Found(Doubt.CONTACT, ""))
    if private := _PRIVATE.search(said):
        found.append(Found(Doubt.PRIVATE, private[0]))
    return found


def questions(asked: str) -> list[str]:
    """The sentences of a request that ask something, in their order."""
    sentences = (part.strip() for part in _ENDS.split(asked))
    return [one[:80] for one in dict.fromkeys(sentences) if len(one) > 2 and _ASKS.search(one)]


def _speaks_of(answer: str, question: str) -> bool:
    pairs = _pairs(_ASKS.sub(" ", question))
    return not pairs or len(pairs & _pairs(answer)) / len(pairs) >= COVERED


def _pairs(text: str) -> set[str]:
    return {run[at : at + 2] for run in _HAN.findall(text) for at in range(len(run) - 1)}
