"""Everything about a task as one file for the officers' platform: a PDF, the files, and a list of them with their hashes 证据包.

The same task gives the same bytes: nothing in the package depends on when or by whom it was taken. The package is in Chinese, whatever
the reader's language, because those it is made for read Chinese.
"""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from linqi.enterprises.models import Enterprise
from linqi.kit.clock import ZONE
from linqi.waste import queries_tasks as queries
from linqi.waste import tracing
from linqi.waste.actions.chain import broken_at, head_of, links_of
from linqi.waste.flow import Hearing, Said, TaskState
from linqi.waste.kinds import ClueKind, ClueState, PartyKind, Stream, Witness
from linqi.waste.law import book
from linqi.waste.models import Clue, Referral, Step, Task
from linqi.waste.rules import law
from linqi.waste.rules.ladder import StepKind
from linqi.waste.rules.tracing import Happened, Link

FONTS: Final = ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "Microsoft YaHei", "SimHei", "PingFang SC")
FONT_FOLDERS: Final = (  # Debian's fonts-noto-cjk lies in the first; LINQI_FONTS names another
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/opentype",
    "/usr/share/fonts/truetype",
    "/usr/local/share/fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
)
STAMP: Final = (2020, 1, 1, 0, 0, 0)  # of every member of the zip, so that the bytes do not depend on the day
PAPER: Final = "证据包.pdf"


class NoFont(Exception):
    """No Chinese font was found; the message says what to install or set."""


@dataclass(frozen=True, slots=True)
class Package:
    """The zip and what is in it: path → SHA-256."""

    name: str
    data: bytes
    manifest: dict[str, str]


@dataclass(slots=True)
class _Files:
    """What goes in, by path, and what should be there and is not."""

    kept: dict[str, bytes] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def build(task: Task) -> Package:
    """The package of a task as it stands now; ValidationError when there is no font to print it with."""
    files = _Files()
    clues = queries.clues_of(task)
    pictures = _pictures(clues, files)
    _papers(task, files)
    chains = {"task": _as_json(links_of(task)), "clues": {str(one.pk): _as_json(links_of(one)) for one in clues}}
    files.kept["chain.json"] = _dumped(chains)
    told = _told(task, clues, pictures, files)
    files.kept["task.json"] = _dumped(told)
    try:
        files.kept[PAPER] = printed(told, {one["path"]: files.kept[one["path"]] for one in pictures if one["path"]})
    except NoFont as without:
        raise ValidationError(str(without)) from without
    manifest = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.kept.items())}
    listed = {
        "task": task.number,
        "chain": head_of(task),
        "files": [
            {"path": path, "sha256": digest, "bytes": len(files.kept[path])} for path, digest in manifest.items()
        ],
        "missing": files.missing,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, data in [*sorted(files.kept.items()), ("manifest.json", _dumped(listed))]:
            packed.writestr(zipfile.ZipInfo(path, STAMP), data, zipfile.ZIP_DEFLATED)
    return Package(f"{task.number}-{head_of(task)[:8]}.zip", out.getvalue(), manifest)


# --- on paper ---------------------------------------------------------------------------------------------------------------
def printed(told: dict[str, Any], pictures: dict[str, bytes]) -> bytes:
    """The PDF; NoFont when this machine has no Chinese font."""
    import typst  # only here: everything else of the product runs without it

    family, folders = font()
    source = Path(__file__).with_name("data").joinpath("evidence.typ").read_bytes()
    data = {**told["paper"], "fonts": [family]}
    with tempfile.TemporaryDirectory(prefix="linqi-evidence-") as folder:
        for path, content in {"main.typ": source, "data.json": _dumped(data), **pictures}.items():
            file = Path(folder, path)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        made: bytes = typst.compile(
            str(Path(folder, "main.typ")), root=folder, font_paths=list(folders), ignore_system_fonts=True
        )
    return made


def font() -> tuple[str, tuple[str, ...]]:
    """The Chinese font of this machine and the folders it was looked for in."""
    return _font(settings.FONTS)


@cache
def _font(asked: str) -> tuple[str, tuple[str, ...]]:
    import typst

    folders = tuple(one for one in (asked, *FONT_FOLDERS) if one and Path(one).is_dir())
    families = set(typst.Fonts(include_system_fonts=False, font_paths=list(folders)).families()) if folders else set()
    family = next((one for one in FONTS if one in families), None)
    if family is None:
        raise NoFont(
            _("没有找到中文字体，不能生成证据包。请安装 fonts-noto-cjk，或用环境变量 LINQI_FONTS 指明字体所在文件夹。")
        )
    return family, folders


# --- what is told -------------------------------------------------------------------------------------------------------------
def _told(task: Task, clues: list[Clue], pictures: list[dict[str, Any]], files: _Files) -> dict[str, Any]:
    steps = list(task.steps.select_related("case", "began_by").order_by("pk"))
    statements = list(task.statements.order_by("pk").prefetch_related("papers"))
    referral = Referral.objects.filter(step__task=task, step__taken_back=False).order_by("-pk").first()
    whole = broken_at(task) is None and all(broken_at(one) is None for one in clues)
    missing = _missing(task, clues, referral, whole, files)
    parts = [
        _part("一、基本情况", rows=_basics(task), head=["项目", "内容"], columns=[1, 4]),
        _part(
            "二、经人工核看的线索",
            head=["编号", "时间", "类型", "来源", "核看结果", "说明"],
            columns=[1, 2, 1.4, 1.4, 1.4, 3],
            rows=[
                [
                    str(one.pk),
                    _moment(one.at),
                    ClueKind(one.kind).label + ("（模拟）" if one.simulated else ""),
                    Witness(one.witness).label,
                    ClueState(one.state).label,
                    f"{one.looked_by or ''} {_moment(one.looked_at)} {one.reason}".strip(),
                ]
                for one in clues
            ],
        ),
        _part(
            "三、溯源：可能的单位与证据份额",
            lines=["份额按登记和凭证计算，只作线索；整改对象由人确认。"],
            head=["单位", "份额", "依据"],
            columns=[3, 1, 3],
            rows=_shares(task),
        ),
        _part(
            "四、处置经过与告知原文",
            head=["时间", "步骤", "告知原文", "法律依据", "结果"],
            columns=[1.5, 1, 3.5, 2.2, 2],
            rows=[_step_row(one) for one in steps],
        ),
        _part(
            "五、陈述申辩",
            lines=[] if statements else ["没有收到陈述申辩。"],
            head=["时间", "类型", "内容", "处理", "答复"],
            columns=[1.5, 1.2, 3, 1, 3],
            rows=[
                [
                    _moment(one.made_at),
                    Said(one.kind).label + ("（本人撤回）" if one.withdrawn_at else ""),
                    one.text,
                    Hearing(one.state).label,
                    one.answer,
                ]
                for one in statements
            ],
        ),
        _part("六、移送", rows=_referral_rows(referral), head=["项目", "内容"], columns=[1, 4])
        if referral
        else _part("六、移送", lines=["尚未移送。"]),
        _part(
            "七、法律条文要点",
            lines=[f"来源：{book().source}；以现行有效文本为准。"],
            head=["条文", "要点"],
            columns=[2, 5],
            rows=[[one.citation, one.words] for one in book().words],
        ),
        _part(
            "八、全流程记录",
            lines=["逐条链接，校验完整。" if whole else "校验发现断裂或改动。"],
            head=["序", "时间", "事项", "摘要"],
            columns=[0.6, 2, 1.4, 5],
            rows=[
                [str(one.number), one.at[:19].replace("T", " "), Happened(one.what).label, _broken(one.digest)]
                for one in links_of(task)
            ],
        ),
        _part("九、缺什么", lines=missing or ["没有发现缺项。"]),
    ]
    paper = {
        "title": "生活垃圾分类线索移送证据包",
        "subtitle": f"{task.number} · {task.street.name} · {TaskState(task.state).label}",
        "number": task.number,
        "parts": parts,
        "pictures": [
            {"title": one["title"], "path": one["path"], "note": one["note"], "sha256": one["sha256"]}
            for one in pictures
        ],
    }
    return {"task": task.number, "state": task.state, "chain": head_of(task), "paper": paper, "missing": missing}


def _basics(task: Task) -> list[list[str]]:
    found = tracing.trace(queries.clues_of(task)[-1])
    duties = "；".join(f"{PartyKind(one.kind).label}：{_who(one)}" for one in found.duties)
    point = task.point
    party = str(task.enterprise or task.company or "未确认")
    code = f"（{task.enterprise.uscc}）" if task.enterprise and task.enterprise.uscc else ""
    return [
        ["整改对象", f"{party}{code}，身份：{'管理责任人' if task.as_responsible else '投放人'}"],
        ["确认理由", f"{task.addressed_why}（{task.addressed_by or ''} {_moment(task.addressed_at)}）"],
        ["桶", f"{task.bin.code}，{Stream(task.bin.stream).label}"],
        ["点位", f"{point.name if point else '未知'}；{' › '.join(one.name for one in found.path)}"],
        ["当时的管理责任人", duties or "登记中没有"],
        ["设备审核日期", point.reviewed_on.isoformat() if point and point.reviewed_on else "没有"],
        ["点位公布日期", point.published_on.isoformat() if point and point.published_on else "没有"],
        ["成案", f"{_moment(task.made_at)}，条件 {task.why}"],
        ["了结", f"{_moment(task.ended_at)} {task.end_reason}".strip() or "未了结"],
    ]


def _who(duty: Any) -> str:
    return str(duty.enterprise or duty.company)


def _shares(task: Task) -> list[list[str]]:
    listed = tracing.as_read(task.shares)
    named: dict[int, Enterprise] = tracing.parties_of(listed)
    return [
        [
            str(named[one.party]) if one.party in named else "不能确定",
            f"{float(one.share):.1%}",
            one.ground.label,
        ]
        for one in listed
    ]


def _step_row(step: Step) -> list[str]:
    cited = "；".join(one["citation"] for one in step.law)
    label = StepKind(step.kind).label + ("（已撤回）" if step.taken_back else "")
    return [
        f"{_moment(step.began_at)}；期限 {_moment(step.case.due_at)}；办件 {_broken(step.case.number, 6)}",
        label,
        step.text,
        cited,
        step.outcome or "办理中",
    ]


def _referral_rows(one: Referral) -> list[list[str]]:
    rows = [
        ["违法行为", one.act],
        ["依据", one.citation],
        ["幅度", f"{one.band}。本系统不计算金额。"],
        ["执法人员", f"{one.officer_a}（{one.certificate_a}）、{one.officer_b}（{one.certificate_b}）"],
        ["事实和理由", one.reason],
        ["执法反馈", f"{_moment(one.answered_at)} {one.answer}".strip() or "未反馈"],
    ]
    return rows + [
        [f"行政处罚法第{check['article']}条", law.Finding(check["found"]).label % {"n": check["n"]}]
        for check in one.checks
    ]


def _missing(task: Task, clues: list[Clue], referral: Referral | None, whole: bool, files: _Files) -> list[str]:
    """What whoever reads the package should not have to find out: gaps, named."""
    recordings = queries.recordings_of(clues)
    leads = sum(1 for _picture, one in recordings if not law.is_evidence(one))
    found = [f"文件缺失：{one}" for one in files.missing]
    if not recordings:
        found.append("没有图像记录。")
    if leads:
        found.append(f"{leads} 份图像拍摄时点位未审核或未公布，只作线索，不作证据（行政处罚法第41条）。")
    if any(one.simulated for one in clues):
        found.append("含模拟终端的线索，不得用于执法。")
    if queries.defences_waiting(task).exists():
        found.append("有陈述申辩尚未复核。")
    if referral is None:
        found.append("尚未移送，没有执法人员。")
    if not whole:
        found.append("全过程记录校验不完整。")
    return found


def _pictures(clues: Iterable[Clue], files: _Files) -> list[dict[str, Any]]:
    found = []
    for one in clues:
        if one.picture is None:
            continue
        (_picture, recording) = queries.recordings_of([one])[0]
        path = f"pictures/{one.pk}-{one.picture.sha256[:8]}{Path(str(one.picture.file.name)).suffix or '.jpg'}"
        try:
            with one.picture.file.open("rb") as opened:
                data: bytes = opened.read()
        except (OSError, ValueError):
            files.missing.append(path)
            path = ""
        else:
            if hashlib.sha256(data).hexdigest() != one.picture.sha256:
                files.missing.append(f"{path}（内容与存入时的摘要不符，未收入）")
                path = ""
            else:
                files.kept[path] = data
        use = "可作证据：设备已审核、点位已公布" if law.is_evidence(recording) else "只作线索，不作证据"
        title = f"线索 {one.pk} 的桶内图像"
        note = f"{_moment(one.picture.taken_at)}；{use}；已模糊人脸和车牌 {one.picture.blurred} 处。"
        found.append({"title": title, "path": path, "note": note, "sha256": one.picture.sha256})
    return found


def _papers(task: Task, files: _Files) -> None:
    for said in task.statements.prefetch_related("papers"):
        for paper in said.papers.all():
            path = f"papers/{said.pk}-{paper.pk}-{paper.digest[:8]}.{paper.kind}"
            try:
                with paper.file.open("rb") as opened:
                    files.kept[path] = opened.read()
            except (OSError, ValueError):
                files.missing.append(path)


def _part(
    title: str,
    *,
    lines: list[str] | None = None,
    head: list[str] | None = None,
    columns: list[float] | None = None,
    rows: list[list[str]] | None = None,
) -> dict[str, Any]:
    return {"title": title, "lines": lines or [], "head": head or [], "columns": columns or [], "rows": rows or []}


def _as_json(links: Iterable[Link]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "at": one.at,
            "what": one.what,
            "data": one.data,
            "previous": one.previous,
            "digest": one.digest,
        }
        for one in links
    ]


def _dumped(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _broken(text: str, every: int = 16) -> str:
    """A long code with places at which a line may break."""
    return "\u200b".join(text[n : n + every] for n in range(0, len(text), every))


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" if at else ""
