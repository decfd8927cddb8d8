"""Which offences can fit, their bands in words, and what the Penalties Law asks before anything is handed over 法律依据.

Pure. A band is shown as words and is never computed with: no function here returns an amount (house.md, section 5). Whether anything is
punished, and how, is for the officers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from linqi.kit.choices import Choice


class Subject(Choice):
    """Whom an article is about 违法主体."""

    UNIT = "unit", "单位（投放人）"
    RESPONSIBLE = "responsible", "管理责任人"
    HAULER = "hauler", "收运单位"
    INDIVIDUAL = "individual", "个人"


class FineIf(Choice):
    """What the article asks besides the act 处罚条件."""

    REFUSED = "refused", "拒不改正的"
    SERIOUS = "serious", "情节严重的"
    MAY = "may", "可以并处"
    PLAIN = "plain", "责令改正，处以"


class LawRefused(ValueError):
    """The file of the law cannot be used; says which row and why."""


@dataclass(frozen=True, slots=True)
class Offence:
    """One row of the table: act, article, and the band as the article has it 违法行为."""

    id: str
    law: str
    article: int
    act: str
    subject: Subject
    fine_if: FineIf
    band: tuple[int, int]
    told: frozenset[str]

    @property
    def citation(self) -> str:
        """The article, e.g. 《杭州市生活垃圾管理条例》第65条."""
        return f"《{self.law}》第{self.article}条"


@dataclass(frozen=True, slots=True)
class Words:
    """What an article asks, in our own words, with where it stands 法条要点."""

    key: str
    law: str
    article: int
    words: str

    @property
    def citation(self) -> str:
        """The article, as it is cited."""
        return f"《{self.law}》第{self.article}条"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A term the officers keep after a referral 执法期限."""

    step: str
    days: int
    article: int


@dataclass(frozen=True)
class Book:
    """Everything `data/law.yaml` says 法律依据库."""

    source: str
    offences: tuple[Offence, ...]
    words: tuple[Words, ...]
    steps: Mapping[str, tuple[str, ...]]
    parties: Mapping[str, Words]
    deadlines: tuple[Deadline, ...]
    limitation: timedelta
    on_the_spot: Mapping[Subject, int]

    def offence(self, key: str) -> Offence:
        """One by its id; LawRefused when there is none."""
        for one in self.offences:
            if one.id == key:
                return one
        raise LawRefused(f"没有编号为 {key} 的违法行为。")

    def shown_at(self, step: str) -> tuple[Words, ...]:
        """The articles that are shown at a step of the ladder, in the order of the file."""
        by_key = {one.key: one for one in self.words}
        return tuple(by_key[key] for key in self.steps.get(step, ()))

    def fitting(self, subject: Subject, told: Iterable[str]) -> tuple[Offence, ...]:
        """The offences that can fit this kind of subject and what was confirmed; mildest first, never one chosen 可能适用的条款."""
        kinds = set(told)
        found = [one for one in self.offences if one.subject == subject and one.told & kinds]
        return tuple(sorted(found, key=lambda one: (one.band[1], one.band[0], one.id)))


def read(data: Mapping[str, Any]) -> Book:
    """The file as values; LawRefused names the row that cannot be used."""
    laws = data["laws"]

    def cited(row: Mapping[str, Any], *asked: str) -> tuple[str, int]:
        for name in ("law", "article", *asked):
            if name not in row:
                raise LawRefused(f"law.yaml: {dict(row)} 缺少 {name}。")
        if row["law"] not in laws:
            raise LawRefused(f"law.yaml: 没有登记法律 {row['law']}。")
        return laws[row["law"]], int(row["article"])

    offences, words = [], []
    for row in data["offences"]:
        law, article = cited(row, "id", "act", "subject", "fine_if", "min", "max", "told")
        low, high = int(row["min"]), int(row["max"])
        if not 0 <= low < high:
            raise LawRefused(f"law.yaml: {row['id']} 的幅度 {low}–{high} 不成立。")
        made = Offence(
            row["id"], law, article, row["act"], Subject(row["subject"]), FineIf(row["fine_if"]), (low, high),
            frozenset(row["told"]),
        )  # fmt: skip
        offences.append(made)
    for row in data["rules"]:
        law, article = cited(row, "words")
        words.append(Words(f"{row['law']}{article}", law, article, row["words"]))
    parties = {}
    for row in data["responsible_party"]:
        law, article = cited(row, "kind", "words")
        parties[row["kind"]] = Words(f"{row['law']}{article}", law, article, row["words"])
    whole = " ".join(one.words for one in parties.values())
    first = next(iter(parties.values()))
    words.append(Words(first.key, first.law, first.article, whole))
    known = {one.key for one in words}
    for step, keys in data["steps"].items():
        if unknown := set(keys) - known:
            raise LawRefused(f"law.yaml: 步骤 {step} 引用了没有的条文 {sorted(unknown)}。")
    if len({one.id for one in offences}) != len(offences):
        raise LawRefused("law.yaml: 违法行为编号重复。")
    return Book(
        source=data["source"],
        offences=tuple(offences),
        words=tuple(words),
        steps={step: tuple(keys) for step, keys in data["steps"].items()},
        parties=parties,
        deadlines=tuple(Deadline(one["step"], int(one["days"]), int(one["article"])) for one in data["deadlines"]),
        limitation=timedelta(days=int(data["limitation_days"])),
        on_the_spot={Subject(key): int(value) for key, value in data["on_the_spot"].items()},
    )


def band_in_words(offence: Offence) -> str:
    """The band as the article has it, as words; who decides is said with it 处罚幅度."""
    low, high = offence.band
    span = f"{_yuan(high)}以下" if low == 0 else f"{_yuan(low)}以上{_yuan(high)}以下"
    return f"{offence.fine_if.label}，罚款幅度{span}；是否处罚、处罚多少由执法机关裁量"


# --- what must hold before anything is handed over ------------------------------------------------------------------------
class Finding(Choice):
    """What a check found, in words; `%(…)s` are filled from its values 检查结论."""

    CORRECTED = "corrected", "已经改正：轻微的不移送。"
    NOT_CORRECTED = "not_corrected", "没有及时改正。"
    YOUNG = "young", "违法行为在两年以内。"
    OLD = "old", "属实的线索都已超过两年，不再处罚。"
    NO_RECORDING = "no_recording", "没有引用图像或视频记录。"
    REVIEWED = "reviewed", "引用的 %(n)s 份记录，拍摄时设备已审核、点位已公布。"
    ONLY_LEADS = "only_leads", "%(n)s 份记录拍摄时点位尚未审核或公布，只作线索，不作证据。"
    TWO_OFFICERS = "two_officers", "两名执法人员，姓名和执法证号齐全。"
    TOO_FEW = "too_few", "执法人员不得少于两人。"
    NO_CERTIFICATE = "no_certificate", "每名执法人员都要写明姓名和执法证号。"
    SAME_CERTIFICATE = "same_certificate", "两名执法人员的执法证号不能相同。"
    NOT_HARDER = "not_harder", "没有因陈述、申辩加重。"
    HARDER = "harder", "对方陈述申辩之后没有新的属实线索，不得改用更重的条款。"
    WHOLE = "whole", "全过程记录完整，逐条可核验。"
    BROKEN = "broken", "全过程记录有断裂或被改动，须先查明。"
    WITHIN_SPOT = "within_spot", "当场处罚对单位以 %(n)s 元以下为限；本条幅度全部在此以内，是否适用由执法人员决定。"
    BEYOND_SPOT = (
        "beyond_spot",
        "当场处罚对单位以 %(n)s 元以下为限；本条幅度超出或部分超出此限，是否适用由执法人员决定。",
    )


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the Penalties Law asks, and whether it holds; None: it is for the officers to see 合法性检查.

    `stops`: nothing is handed over while it does not hold.
    """

    article: int
    holds: bool | None
    found: Finding
    n: int = 0
    stops: bool = False

    @property
    def refuses(self) -> bool:
        """Whether nothing can be handed over because of it."""
        return self.stops and self.holds is False


@dataclass(frozen=True, slots=True)
class Recording:
    """A picture that may be named as evidence, and when the equipment of its point was reviewed and made public 图像记录."""

    taken: datetime
    reviewed: date | None
    published: date | None


@dataclass(frozen=True, slots=True)
class Officer:
    """A law officer by name and certificate 执法人员."""

    name: str
    certificate: str


def is_evidence(recording: Recording) -> bool:
    """Whether a recording may be named as evidence: reviewed and made public by the day it was taken 能否作为证据 (第41条)."""
    day = recording.taken.date()
    return all(one is not None and one <= day for one in (recording.reviewed, recording.published))


def officers_wrong(officers: Sequence[Officer]) -> Finding | None:
    """What is wrong with the officers named; None when two of them, with certificates, may act 执法人员 (第42条)."""
    if len(officers) < 2:
        return Finding.TOO_FEW
    if any(not one.name.strip() or not one.certificate.strip() for one in officers):
        return Finding.NO_CERTIFICATE
    certificates = {one.certificate.strip().upper() for one in officers}
    return None if len(certificates) == len(officers) else Finding.SAME_CERTIFICATE


def harder(before: Offence | None, after: Offence) -> bool:
    """Whether an offence weighs more than the one named before: its band reaches higher, or begins higher 是否更重 (第45条)."""
    return before is not None and (after.band[1] > before.band[1] or after.band[0] > before.band[0])


def ends_without_penalty(*, earlier: int, minor: bool) -> bool:
    """Whether a matter that was corrected at once ends here: a first and minor one 首违轻微及时改正 (第33条).

    `earlier`: matters of the same party on record before this one; `minor`: a person says so.
    """
    return earlier == 0 and minor


def too_old(at: datetime, now: datetime, limitation: timedelta) -> bool:
    """Whether an act lies so far back that no penalty is given any more 追责时效 (第36条)."""
    return now - at > limitation


def before_referral(
    book: Book,
    *,
    offence: Offence,
    named: Offence | None,
    heard: bool,
    fresh: bool,
    acts: Sequence[datetime],
    recordings: Sequence[Recording],
    officers: Sequence[Officer],
    whole: bool,
    corrected: bool,
    now: datetime,
) -> list[Check]:
    """What the law asks before an offence is handed to the officers, article by article 移送前检查.

    `named`: the offence the order named; `heard`: the party has made a statement since; `fresh`: something new was confirmed after it;
    `acts`: when what was confirmed happened; `whole`: the record is unbroken; `corrected`: it is corrected by now.
    """
    evidence = sum(1 for one in recordings if is_evidence(one))
    leads = len(recordings) - evidence
    recorded = Finding.ONLY_LEADS if leads else Finding.REVIEWED if recordings else Finding.NO_RECORDING
    young = any(not too_old(at, now, book.limitation) for at in acts)
    wrong = officers_wrong(officers)
    heavier = heard and not fresh and harder(named, offence)
    limit = book.on_the_spot[Subject.UNIT]
    spot = Finding.WITHIN_SPOT if offence.band[1] <= limit else Finding.BEYOND_SPOT
    return [
        Check(33, not corrected, Finding.CORRECTED if corrected else Finding.NOT_CORRECTED, stops=True),
        Check(36, young, Finding.YOUNG if young else Finding.OLD, stops=True),
        Check(41, leads == 0, recorded, leads or evidence),
        Check(42, wrong is None, wrong or Finding.TWO_OFFICERS, stops=True),
        Check(45, not heavier, Finding.HARDER if heavier else Finding.NOT_HARDER, stops=True),
        Check(47, whole, Finding.WHOLE if whole else Finding.BROKEN, stops=True),
        Check(51, None, spot, limit),
    ]


def _yuan(amount: int) -> str:
    return f"{amount // 10000} 万元" if amount >= 10000 and amount % 10000 == 0 else f"{amount} 元"
