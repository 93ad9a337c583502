"""Writes preprocess.json beside it: what Pillow and TensorFlow's formula make of small images.

    python -m venv /tmp/golden && /tmp/golden/bin/pip install numpy==2.4.6 pillow==13.0.0
    /tmp/golden/bin/python test/golden/make-preprocess.py

torchvision's Resize and CenterCrop are written out here on Pillow images, which is what they call.
tf.image.resize without antialiasing is a formula of four pixels; TensorFlow is not needed.
"""

import base64
import io
import json
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

FOLDER = Path(__file__).parent
RNG = np.random.default_rng(13)
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
CLIP = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])


def encode(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def fixed(value):
    return struct.pack(">i", round(value * 65536))


def profile():
    """A colour profile with the primaries of Display P3 and gamma 2.2."""
    white = b"XYZ \0\0\0\0" + fixed(0.9642) + fixed(1) + fixed(0.8249)
    primaries = {"r": (0.5151, 0.2412, -0.0011), "g": (0.2920, 0.6922, 0.0419), "b": (0.1571, 0.0666, 0.7841)}
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 3) + b"P3\0" + b"\0" * 78,
            b"cprt": b"text\0\0\0\0none\0", b"wtpt": white}
    for channel, xyz in primaries.items():
        tags[f"{channel}XYZ".encode()] = b"XYZ \0\0\0\0" + b"".join(map(fixed, xyz))
        tags[f"{channel}TRC".encode()] = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256))
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"\0" * 4, 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 24 + white[8:]
    return head + b"\0" * (128 - len(head)) + struct.pack(">I", len(tags)) + table + body


def picture(height, width):
    """Edges, a gradient and noise."""
    y, x = np.mgrid[0:height, 0:width]
    gradient = np.stack([x * 255 / width, y * 255 / height, 255 - (x + y) * 255 / (width + height)], -1)
    edges = np.where(((x // 5 + y // 7) % 2 == 0)[..., None], 60, -60)
    noise = RNG.integers(-20, 21, (height, width, 3))
    return np.clip(gradient + edges + noise, 0, 255).astype(np.uint8)


wide = Image.fromarray(picture(33, 46))
tall = Image.fromarray(picture(41, 19))
alpha = Image.fromarray(np.where(np.add.outer(np.arange(33), np.arange(46)) % 3 == 0, 0, 200).astype(np.uint8))
clear = wide.copy()
clear.putalpha(alpha)
turn = Image.Exif()
turn[0x0112] = 6

FILES = {
    "wide": encode(wide),
    "tall": encode(tall),
    "tiny": encode(Image.fromarray(picture(5, 9))),
    "grey": encode(wide.convert("L")),
    "photo": encode(wide, "JPEG", quality=85, subsampling=2),
    "large photo": encode(wide.resize((150, 120)), "JPEG", quality=50, subsampling=2),
    "colour profile": encode(wide, icc_profile=profile()),
    "transparent": encode(clear),
    "palette": encode(wide.quantize(32)),
    "CMYK": encode(wide.convert("CMYK"), "JPEG", quality=90),
    "grey and transparent": encode(clear.convert("LA")),
    "black and white": encode(wide.convert("1")),
    "WebP": encode(clear, "WEBP", lossless=True, exact=True),
    "turned": encode(wide, "JPEG", quality=95, exif=turn),
}
IMAGES = {name: Image.open(io.BytesIO(data)) for name, data in FILES.items()}
FILTERS = {"lanczos": Image.LANCZOS, "bicubic": Image.BICUBIC, "bilinear": Image.BILINEAR, "nearest": Image.NEAREST}


def to_size(image, height, width, filter):
    """Resizes to floats, [height, width, channels]."""
    if filter != "bilinear-no-antialias":
        resized = np.asarray(image.resize((width, height), FILTERS[filter]), np.float64)
        return resized.reshape(height, width, -1)
    pixels = np.asarray(image, np.float64).reshape(image.height, image.width, -1)
    for axis, size in ((0, height), (1, width)):
        length = pixels.shape[axis]
        position = (np.arange(size) + 0.5) * (length / size) - 0.5
        low = np.floor(position).astype(int)
        share = (position - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        first = pixels.take(np.clip(low, 0, length - 1), axis)
        second = pixels.take(np.clip(low + 1, 0, length - 1), axis)
        pixels = first + (second - first) * share
    return pixels


def shortest(image, size, filter):
    """torchvision: Resize(size)."""
    short, long = sorted((image.width, image.height))
    edge = int(size * long / short)
    height, width = (edge, size) if image.width <= image.height else (size, edge)
    return to_size(image, height, width, filter)


def center(pixels, height, width):
    """torchvision: CenterCrop((height, width))."""
    top = int(round((pixels.shape[0] - height) / 2.0))
    left = int(round((pixels.shape[1] - width) / 2.0))
    return pixels[top : top + height, left : left + width]


def padded(image, height, width, filter):
    out = ImageOps.pad(image, (width, height), FILTERS[filter])
    return np.asarray(out, np.float64).reshape(height, width, -1)


CASES = []


def case(name, file, preprocess, pixels, scale=(1 / 255, 0), mean=0, std=1, **more):
    """`scale`: factor and offset of a pixel."""
    values = (pixels * scale[0] + scale[1] - np.asarray(mean)) / np.asarray(std)
    CASES.append({
        "name": name, "file": file, "preprocess": preprocess, **more,
        "channels": pixels.shape[2],
        "shape": list(pixels.shape[:2]),
        # A unit of a pixel, per channel.
        "unit": (np.broadcast_to(scale[0] / np.asarray(std, float), pixels.shape[2:])).tolist(),
        "values": [float(f"{value:.5g}") for value in values.ravel()],
    })


def rgb(name):
    return IMAGES[name].convert("RGB")


CROP = "shortest-side-then-center-crop"
for filter in [*FILTERS, "bilinear-no-antialias"]:
    resize = {"fit": "stretch", "size": [14, 11], "filter": filter}
    for file in ("wide", "tall", "tiny"):
        case(f"{filter}, stretch, {file}", file, {"resize": resize}, to_size(rgb(file), 14, 11, filter))
    for file in ("wide", "tall"):
        case(f"{filter}, crop, {file}", file, {"resize": {"fit": CROP, "size": 15, "filter": filter}, "crop": 12},
             center(shortest(rgb(file), 15, filter), 12, 12))
    if filter in FILTERS:
        for file in ("wide", "tall", "tiny"):
            case(f"{filter}, pad, {file}", file, {"resize": {"fit": "pad", "size": [13, 16], "filter": filter}},
                 padded(rgb(file), 13, 16, filter))

bilinear = {"size": 12}
stretched = {"resize": bilinear}
for file in ("photo", "large photo", "colour profile", "transparent", "palette", "CMYK", "grey", "WebP",
             "grey and transparent", "black and white"):
    case(file, file, stretched, to_size(rgb(file), 12, 12, "bilinear"))
upright = ImageOps.exif_transpose(IMAGES["turned"]).convert("RGB")
case("upright", "turned", stretched, to_size(upright, 12, 12, "bilinear"))
case("not turned", "turned", {**stretched, "orientation": "stored"}, to_size(rgb("turned"), 12, 12, "bilinear"))
for file in ("wide", "grey", "photo"):
    case(f"to grey, {file}", file, stretched, to_size(IMAGES[file].convert("L"), 12, 12, "bilinear"))
case("stretch and crop", "wide", {"resize": {"size": [16, 20], "filter": "bicubic"}, "crop": [11, 13]},
     center(to_size(rgb("wide"), 16, 20, "bicubic"), 11, 13))

torchvision = center(shortest(rgb("wide"), 18, "bilinear"), 16, 16)
size = {"size": [16, 16]}
case("imagenet", "wide", "imagenet", torchvision, mean=IMAGENET[0], std=IMAGENET[1], **size)
case("imagenet at its own size", "tiny", {"preset": "imagenet", "crop": 21, "resize": {"size": 24}},
     center(shortest(rgb("tiny"), 24, "bilinear"), 21, 21), mean=IMAGENET[0], std=IMAGENET[1])
case("imagenet-timm", "tall", "imagenet-timm", center(shortest(rgb("tall"), 18, "bicubic"), 16, 16),
     mean=IMAGENET[0], std=IMAGENET[1], **size)
case("clip", "wide", "clip", center(shortest(rgb("wide"), 16, "bicubic"), 16, 16), mean=CLIP[0], std=CLIP[1], **size)
tensorflow = to_size(rgb("wide"), 16, 16, "bilinear-no-antialias")
case("keras-mobilenet", "wide", "keras-mobilenet", tensorflow, scale=(1 / 127.5, -1), **size)
case("keras-efficientnet", "wide", "keras-efficientnet", tensorflow, scale=(1, 0), **size)
case("tf-hub", "wide", "tf-hub", tensorflow, **size)
caffe = [103.939, 116.779, 123.68]
case("Caffe: BGR, 0 to 255", "wide",
     {"resize": bilinear, "scale": "0..255", "mean": caffe, "channelOrder": "BGR"},
     to_size(rgb("wide"), 12, 12, "bilinear")[..., ::-1], scale=(1, 0), mean=caffe)

files = {name: base64.b64encode(data).decode() for name, data in FILES.items()}
(FOLDER / "preprocess.json").write_text(json.dumps({"files": files, "cases": CASES}) + "\n")
