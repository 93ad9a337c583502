"""Writes augment.json beside it: what torchvision makes of small images, and how it draws parts.

    python -m venv /tmp/golden-augment
    /tmp/golden-augment/bin/pip install torch==2.15.0 torchvision==0.29.2 pillow==13.0.0 numpy==2.4.6
    /tmp/golden-augment/bin/python test/golden/make-augment.py

Operations on colours and shapes run on tensors; the resized crop runs on Pillow images.
"""

import base64
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, RandomErasing, RandomResizedCrop
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import RandAugment, _apply_op

RNG = np.random.default_rng(21)
torch.manual_seed(21)
FILL = {1: [90], 3: [125, 123, 114]}
# With others, points lie on the edge between two pixels, and float32 decides which one is nearest.
MAGNITUDES = [0, 3, 9, 19, 29]
DRAWS = 25_000


def picture(height, width, channels):
    """Edges, a gradient and noise; some pixels are grey, black or white."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 255 / width, y * 255 / height, 255 - (x + y) * 255 / (width + height)]
    edges = np.where(((x // 3 + y // 4) % 2 == 0)[..., None], 60, -60)
    noise = RNG.integers(-25, 26, (height, width, channels))
    image = np.clip(np.stack(planes[:channels], -1) + edges + noise, 0, 255).astype(np.uint8)
    image[0, :3] = [[0], [255], [77]]
    # The last channel keeps away from the ends, so that there is a contrast to stretch.
    image[..., -1] = 40 + image[..., -1] // 2
    return image


def text_of(image):
    return base64.b64encode(np.ascontiguousarray(image)).decode()


def tensor_of(image):
    return torch.from_numpy(image.transpose(2, 0, 1).copy())


def image_of(tensor):
    return tensor.numpy().transpose(1, 2, 0)


images = {"colour": picture(13, 17, 3), "grey": picture(11, 8, 1)}
cases = []


for name, image in images.items():
    height, width, channels = image.shape
    for magnitude in MAGNITUDES:
        for operation, (levels, signed) in RandAugment()._augmentation_space(31, (height, width)).items():
            level = float(levels[magnitude].item()) if levels.ndim > 0 else 0.0
            for sign in (1, -1) if signed and level > 0 else (1,):
                result = _apply_op(tensor_of(image), operation, sign * level, InterpolationMode.NEAREST, FILL[channels])
                cases.append({"operation": operation, "image": name, "magnitude": magnitude, "sign": sign,
                              "amount": sign * level, "pixels": text_of(image_of(result))})

jitter = {"brightness": F.adjust_brightness, "contrast": F.adjust_contrast,
          "saturation": F.adjust_saturation, "hue": F.adjust_hue}
jitters = []
for operation, adjust in jitter.items():
    for amount in (-0.5, -0.2, 0.1, 0.3, 0.5) if operation == "hue" else (0.0, 0.4, 0.75, 1.3, 2.0):
        for name, image in images.items():
            result = image_of(adjust(tensor_of(image), amount))
            jitters.append({"operation": operation, "image": name, "amount": amount, "pixels": text_of(result)})

crops = []
for name, image in images.items():
    height, width, channels = image.shape
    picture_of = Image.fromarray(image[..., 0] if channels == 1 else image)
    for top, left, rows, columns in [(0, 0, height, width), (2, 1, 5, 6), (height - 3, 0, 3, width), (4, width - 1, 1, 1)]:
        result = np.asarray(F.resized_crop(picture_of, top, left, rows, columns, [height, width], antialias=True))
        crops.append({"image": name, "part": {"top": top, "left": left, "height": rows, "width": columns},
                      "pixels": text_of(result.reshape(height, width, channels))})


def moments(boxes):
    """Mean and standard deviation of the sides and the positions of boxes."""
    values = torch.tensor(boxes, dtype=torch.float64)
    return {"mean": values.mean(0).tolist(), "deviation": values.std(0).tolist()}


draws = []
for height, width in [(32, 32), (24, 60)]:
    blank = torch.zeros(3, height, width)
    for scale, ratio in [([0.08, 1.0], [3 / 4, 4 / 3]), ([0.5, 1.0], [1.0, 3.0])]:
        boxes = [RandomResizedCrop.get_params(blank, scale, ratio) for _ in range(DRAWS)]
        draws.append({"kind": "crop", "height": height, "width": width, "scale": scale, "ratio": ratio, **moments(boxes)})
    for scale, ratio in [([0.02, 0.33], [0.3, 3.3]), ([0.3, 0.9], [0.5, 2.0])]:
        boxes = [RandomErasing.get_params(blank, scale, ratio, [0.0])[:4] for _ in range(DRAWS)]
        draws.append({"kind": "erased", "height": height, "width": width, "scale": scale, "ratio": ratio, **moments(boxes)})

content = {
    "images": {name: {"height": image.shape[0], "width": image.shape[1], "channels": image.shape[2],
                      "pixels": text_of(image), "fill": FILL[image.shape[2]]} for name, image in images.items()},
    "operations": cases,
    "jitters": jitters,
    "crops": crops,
    "draws": draws,
}
(Path(__file__).parent / "augment.json").write_text(json.dumps(content) + "\n")
