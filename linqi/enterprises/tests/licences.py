"""Business licences that nobody holds, drawn and then photographed badly: for the tests and `bench/licence.py`.

The layout is our own after the public form of a 营业执照: code at the left, QR code at the right, fields in two columns, a
seal. Names and codes are made up; the same number gives the same picture.
"""

import io
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import segno
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from linqi.kit.identifiers import ALPHABET, make_uscc

FONTS = Path("/usr/share/fonts/opentype/noto")
FACES = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Regular.ttc", "NotoSerifCJK-Bold.ttc")
LEVELS = ("clean", "mild", "harsh")
PAGE = (1600, 1130)  # pixels; the proportions of A3 on its side
SIMPLIFIED = 2  # the face inside the font collection
REGIONS = ("330110", "330106", "330108", "330203", "330205", "310115", "320102", "440305", "110108", "500112")
PLACES = ("杭州", "宁波", "浙江", "余杭", "杭州市余杭区", "宁波江北", "上海", "南京", "滨湖", "杭州滨湖区")
_TRADE_NAMES = """
    晴川 云帆 瀚海 启明 嘉禾 博远 鼎盛 锐捷达 星澜 拓扑森 青禾田 慧谷
    景曜 沐风 泽瑞 翎羽 澄怀 砺行 朗润 昱辰 臻品 鑫磊 赟泽 懿德
    骏驰 麒瑞 瑾瑜 皓月 琢玉 曦和
"""
TRADE_NAMES = _TRADE_NAMES.split()
_TRADES = """
    信息技术 网络科技 生物科技 供应链管理 文化传媒 智能装备 企业管理咨询 建筑装饰工程 新能源材料 医疗器械 国际贸易 餐饮管理
    环保设备 知识产权代理 半导体 物业服务
"""
TRADES = _TRADES.split()
FORMS = (
    "有限公司",
    "有限公司",
    "有限公司",
    "有限责任公司",
    "股份有限公司",
    "合伙企业（有限合伙）",
    "有限公司余杭分公司",
    "工作室（个人独资）",
)
STALLS = ("便利店", "餐饮店", "五金经营部", "美发店", "电脑维修店", "服装商行")


@dataclass(frozen=True)
class Licence:
    """What stands on one licence."""

    name: str
    code: str
    qr: str
    kind: str = "有限责任公司（自然人投资或控股）"
    address: str = "示例省滨湖市滨湖区文一西路998号5幢301室（自主申报）"
    scope: str = (
        "一般项目：技术服务、技术开发、技术咨询、技术交流、技术转让、技术推广；软件开发；计算机软硬件及辅助设备批发；信息系统集成服务；"
        "数据处理服务；会议及展览服务；企业管理咨询；货物进出口（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）。"
    )


def made_up(number: int) -> Licence:
    """The licence of this number; every sixth belongs to a self-employed person, every seventh has a QR code that names nobody."""
    rng = random.Random(f"licence {number}")
    organisation = rng.choice(("MA", "MAC", "MAB", "MA2", "MAD", "0", "5", "7"))
    organisation += "".join(
        rng.choices(ALPHABET if organisation.startswith("M") else "0123456789", k=8 - len(organisation))
    )
    stall = number % 6 == 5
    code = make_uscc("9", "2" if stall else "1", rng.choice(REGIONS), organisation)
    owner = rng.choice(TRADE_NAMES)
    if stall:
        name = f"{rng.choice(PLACES[-7:])}{owner}{rng.choice(STALLS)}"
    else:
        name = f"{rng.choice(PLACES)}{owner}{rng.choice(TRADES)}{rng.choice(FORMS)}"
        if number % 8 == 3:
            name = f"{owner}{rng.choice(TRADES)}（{rng.choice(PLACES[:3])}）有限公司"
    address = f"http://www.gsxt.gov.cn/index.html?uniscid={code}"
    if number % 7 == 6:  # as older licences have it: an address that leads to a page and names nobody
        address = f"http://gsxt.example.gov.cn/client/entsearch/toEntInfo?uuid={rng.getrandbits(128):032x}"
    elif number % 7 == 4:
        address = f"统一社会信用代码:{code};名称:{name};登记机关:滨湖区市场监督管理局"
    return Licence(name, code, address, "个体工商户" if stall else "有限责任公司（自然人投资或控股）")


def page(licence: Licence, number: int = 0) -> Image.Image:
    """The licence as it leaves the printer."""
    rng = random.Random(f"page {number}")
    body = rng.choice(FACES)
    picture = Image.new("RGB", PAGE, (250, 248, 240))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((25, 25, PAGE[0] - 25, PAGE[1] - 25), outline=(190, 150, 70), width=10)
    draw.rectangle((45, 45, PAGE[0] - 45, PAGE[1] - 45), outline=(190, 150, 70), width=3)
    for x in range(60, PAGE[0] - 60, 26):  # a faint ground, as on printed forms
        draw.line((x, 60, x + 60, PAGE[1] - 60), fill=(243, 238, 222), width=2)
    title = _font("NotoSerifCJK-Bold.ttc", 92)
    draw.text((PAGE[0] / 2, 175), "营 业 执 照", font=title, fill=(40, 30, 30), anchor="mm")
    if number % 2:
        draw.text(
            (PAGE[0] / 2, 262), "（副  本）", font=_font("NotoSerifCJK-Bold.ttc", 34), fill=(40, 30, 30), anchor="mm"
        )
    small = _font("NotoSansCJK-Regular.ttc", 24)
    draw.text((110, 190), "统一社会信用代码", font=small, fill=(40, 40, 40))
    draw.text((110, 226), licence.code, font=_font(rng.choice(FACES), 30), fill=(20, 20, 20))
    _put_qr(picture, licence.qr, (1270, 110), 190)
    for line, text in enumerate(
        ("扫描二维码登录", "“国家企业信用信息", "公示系统”了解更多", "登记、备案、许可、监管信息")
    ):
        draw.text((1472, 112 + line * 17), text[:6], font=_font("NotoSansCJK-Regular.ttc", 12), fill=(60, 60, 60))
    _fields(draw, licence, body)
    _seal(picture, (1260, 930))
    draw.text((1000, 880), "登 记 机 关", font=_font(body, 30), fill=(30, 30, 30))
    draw.text(
        (1130, 985),
        f"20{10 + number % 15} 年 {1 + number % 12:02d} 月 {1 + number % 28:02d} 日",
        font=_font(body, 28),
        fill=(30, 30, 30),
    )
    foot = "国家企业信用信息公示系统网址：http://www.gsxt.gov.cn      市场主体应当于每年1月1日至6月30日通过该系统报送公示年度报告"
    draw.text(
        (PAGE[0] / 2, PAGE[1] - 72), foot, font=_font("NotoSansCJK-Regular.ttc", 16), fill=(70, 70, 70), anchor="mm"
    )
    return picture


def photographed(picture: Image.Image, level: str, number: int = 0) -> bytes:
    """The page as a phone sends it, JPEG: `clean` laid flat, `mild` by hand, `harsh` slanted, out of focus, in glare, small."""
    rng = random.Random(f"{level} {number}")
    if level == "clean":
        return _jpeg(_laid(picture, rng, turn=0.6, slant=0.0, width=1750), 92)
    if level == "mild":
        shot = _laid(picture, rng, turn=6, slant=0.03, width=rng.randint(1500, 1900))
        shot = shot.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.1)))
        shot = _lit(shot, rng, glare=0.35, noise=5)
        return _jpeg(shot, rng.randint(70, 85))
    shot = _laid(picture, rng, turn=16, slant=0.08, width=rng.randint(1050, 1450))
    if rng.random() < 0.5:
        shot = shot.filter(ImageFilter.GaussianBlur(rng.uniform(1.0, 1.7)))
    else:
        shot = _shaken(shot, rng)
    shot = _lit(shot, rng, glare=0.85, noise=11)
    if rng.random() < 0.2:  # the phone lay flat and did not know which way is up
        shot = shot.transpose(
            rng.choice((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270))
        )
    return _jpeg(shot, rng.randint(38, 55))


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / name, size, index=SIMPLIFIED)


def _put_qr(picture: Image.Image, text: str, at: tuple[int, int], side: int) -> None:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=6, border=3)
    picture.paste(Image.open(out).convert("RGB").resize((side, side), Image.Resampling.NEAREST), at)


def _fields(draw: ImageDraw.ImageDraw, licence: Licence, face: str) -> None:
    label, value = _font("NotoSansCJK-Bold.ttc", 28), _font(face, 30)
    left = (
        ("名        称", licence.name),
        ("类        型", licence.kind),
        ("法定代表人", "某某某"),
        ("经 营 范 围", licence.scope),
    )
    right = (
        ("注 册 资 本", "伍佰万元整"),
        ("成 立 日 期", "2019年03月12日"),
        ("营 业 期 限", "2019年03月12日至长期"),
        ("住        所", licence.address),
    )
    for column, (x, wide) in enumerate(((110, 600), (900, 440))):
        y = 340
        for words, text in (left, right)[column]:
            draw.text((x, y), words, font=label, fill=(110, 80, 30))
            for line in _wrapped(draw, text, value if text != licence.scope else _font(face, 24), wide):
                draw.text(
                    (x + 190, y), line, font=value if text != licence.scope else _font(face, 24), fill=(25, 25, 25)
                )
                y += 44 if text != licence.scope else 36
            y += 30


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, wide: int) -> list[str]:
    lines = [""]
    for letter in text:
        if draw.textlength(lines[-1] + letter, font=font) > wide:
            lines.append("")
        lines[-1] += letter
    return lines


def _seal(picture: Image.Image, at: tuple[int, int]) -> None:
    seal = Image.new("RGBA", (260, 260), (0, 0, 0, 0))
    draw = ImageDraw.Draw(seal)
    draw.ellipse((5, 5, 255, 255), outline=(210, 30, 30, 190), width=7)
    draw.text((130, 110), "★", font=_font("NotoSansCJK-Regular.ttc", 70), fill=(210, 30, 30, 190), anchor="mm")
    draw.text(
        (130, 190),
        "滨湖区市场监督管理局",
        font=_font("NotoSerifCJK-Bold.ttc", 22),
        fill=(210, 30, 30, 190),
        anchor="mm",
    )
    picture.paste(seal, (at[0] - 130, at[1] - 130), seal)


def _laid(picture: Image.Image, rng: random.Random, *, turn: float, slant: float, width: int) -> Image.Image:
    """The page on a table, turned by up to `turn` degrees and seen from a side; `width`: pixels of the shot."""
    wide, high = picture.size
    ground = Image.new("RGB", (int(wide * 1.12), int(high * 1.16)), tuple(rng.randint(90, 170) for _ in range(3)))
    ground.paste(picture, ((ground.width - wide) // 2, (ground.height - high) // 2))
    ground = ground.rotate(rng.uniform(-turn, turn), Image.Resampling.BICUBIC, expand=True, fillcolor=(120, 115, 110))
    w, h = ground.size
    corners = [(0, 0), (0, h), (w, h), (w, 0)]  # as Image.transform counts them
    quad = [
        value for x, y in corners for value in (x + rng.uniform(-slant, slant) * w, y + rng.uniform(-slant, slant) * h)
    ]
    if slant:
        ground = ground.transform(
            (w, h),
            Image.Transform.PERSPECTIVE,
            _perspective(corners, quad),
            Image.Resampling.BICUBIC,
            fillcolor=(120, 115, 110),
        )
    return ground.resize((width, round(ground.height * width / ground.width)), Image.Resampling.LANCZOS)


def _perspective(to: list[tuple[int, int]], quad: list[float]) -> list[float]:
    """The eight numbers by which Pillow finds for each point of the shot the point of the page."""
    rows, values = [], []
    for (x, y), (u, v) in zip(to, zip(quad[::2], quad[1::2], strict=True), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(one) for one in np.linalg.solve(np.array(rows, float), np.array(values, float))]


def _shaken(picture: Image.Image, rng: random.Random) -> Image.Image:
    """A hand that moved by some pixels while the shutter was open."""
    length, angle = rng.uniform(3, 6), rng.uniform(0, np.pi)
    shots = [
        np.asarray(
            picture.transform(
                picture.size,
                Image.Transform.AFFINE,
                (1, 0, step * np.cos(angle), 0, 1, step * np.sin(angle)),
                Image.Resampling.BILINEAR,
            ),
            np.float32,
        )
        for step in np.linspace(-length / 2, length / 2, 7)
    ]
    return Image.fromarray(np.mean(shots, axis=0).astype(np.uint8))


def _lit(picture: Image.Image, rng: random.Random, *, glare: float, noise: float) -> Image.Image:
    """Light that falls unevenly, a lamp mirrored in the foil, and the grain of a small sensor."""
    grain = np.random.default_rng(rng.getrandbits(32))
    shot = np.asarray(picture, np.float32)
    h, w = shot.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * (x / w - 0.5) + np.sin(angle) * (y / h - 0.5)) * rng.uniform(0.1, 0.4)
    shot = shot * (rng.uniform(0.8, 1.05) + slope)[..., None]
    cx, cy, r = rng.uniform(0.05, 0.95) * w, rng.uniform(0.1, 0.9) * h, rng.uniform(0.06, 0.16) * w
    lamp = np.exp(-(((x - cx) / r) ** 2 + ((y - cy) / (r * rng.uniform(0.5, 1.2))) ** 2)) * glare * rng.uniform(0.6, 1)
    shot = shot + (255 - shot) * lamp[..., None]
    shot = shot + grain.normal(0, noise, shot.shape)
    return Image.fromarray(np.clip(shot, 0, 255).astype(np.uint8))


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
