"""Makes what is embedded, and the encoders: encode_data.py DATA FOLDER

FOLDER gets 500 texts of 3 to 30 words; the first 500 test images of CIFAR-10, as JPEGs of 160 pixels; and two
encoders with random weights (embedding takes as long with any): text/, a transformer of 6 layers with 384 numbers per
token, and image/, a MobileNetV2.
"""

import base64
import io
import json
import shutil
import sys
import tarfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

data, folder = Path(sys.argv[1]), Path(sys.argv[2])
golden = Path(__file__).parents[2] / "test" / "golden" / "tokenizers"
random = np.random.default_rng(1)
WIDTH, HEADS, LAYERS = 384, 12, 6


class Graph:
    """Nodes and weights; each method returns the name of its output."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, values):
        self.weights.append(numpy_helper.from_array(values, f"w{len(self.weights)}"))
        return self.weights[-1].name

    def random(self, *shape):
        return self.weight(random.normal(0, shape[-1] ** -0.5, shape).astype(np.float32))

    def ints(self, *values):
        return self.weight(np.array(values, np.int64))

    def add(self, operator, *inputs, output=None, **attributes):
        name = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def save(self, path, inputs, outputs):
        graph = helper.make_graph(self.nodes, "encoder", inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def dense(g, x, inputs, outputs):
    return g.add("Add", g.add("MatMul", x, g.random(inputs, outputs)), g.random(outputs))


def norm(g, x):
    ones, zeros = g.weight(np.ones(WIDTH, np.float32)), g.weight(np.zeros(WIDTH, np.float32))
    return g.add("LayerNormalization", x, ones, zeros, axis=-1)


def attention(g, x, mask):
    def heads(order):
        split = g.add("Reshape", dense(g, x, WIDTH, WIDTH), g.ints(0, 0, HEADS, WIDTH // HEADS))
        return g.add("Transpose", split, perm=order)

    scores = g.add("MatMul", heads([0, 2, 1, 3]), heads([0, 2, 3, 1]))
    scaled = g.add("Mul", scores, g.weight(np.float32((WIDTH // HEADS) ** -0.5)))
    shares = g.add("Softmax", g.add("Add", scaled, mask), axis=-1)
    mixed = g.add("Transpose", g.add("MatMul", shares, heads([0, 2, 1, 3])), perm=[0, 2, 1, 3])
    return dense(g, g.add("Reshape", mixed, g.ints(0, 0, WIDTH)), WIDTH, WIDTH)


def make_text():
    path = folder / "text"
    path.mkdir()
    shutil.copy(golden / "wordpiece.json", path / "tokenizer.json")
    rows = 1 + max(json.loads((path / "tokenizer.json").read_text())["model"]["vocab"].values())
    g = Graph()
    kept = g.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    lost = g.add("Mul", g.add("Sub", kept, g.weight(np.float32(1))), g.weight(np.float32(1e4)))
    mask = g.add("Unsqueeze", lost, g.ints(1, 2))
    x = norm(g, g.add("Gather", g.random(rows, WIDTH), "input_ids"))
    for layer in range(LAYERS):
        x = norm(g, g.add("Add", x, attention(g, x, mask)))
        inner = g.add("Gelu", dense(g, x, WIDTH, 4 * WIDTH))
        x = norm(g, g.add("Add", x, dense(g, inner, 4 * WIDTH, WIDTH)))
    g.add("Identity", x, output="last_hidden_state")
    names = ("input_ids", "attention_mask")
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["n", "length"]) for n in names]
    shape = ["n", "length", WIDTH]
    outputs = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, shape)]
    g.save(path / "model.onnx", inputs, outputs)
    words = " ".join(json.loads((golden / "words.json").read_text())["words"].values()).split()
    counts = random.integers(3, 31, 500)
    texts = [" ".join(random.choice(words, count)) for count in counts]
    (folder / "texts.json").write_text(json.dumps(texts))


def convolution(g, x, inputs, outputs, size, stride=1, groups=1, active=True):
    pads = [size // 2] * 4
    kernel = g.weight(
        random.normal(0, (2 / (inputs // groups * size * size)) ** 0.5, (outputs, inputs // groups, size, size)).astype(np.float32)
    )
    x = g.add("Conv", x, kernel, g.random(outputs), strides=[stride] * 2, pads=pads, group=groups)
    low, high = g.weight(np.float32(0)), g.weight(np.float32(6))
    return g.add("Clip", x, low, high) if active else x


def make_image():
    """MobileNetV2 (Sandler et al. 2018, table 2), without its classifier."""
    path = folder / "image"
    path.mkdir()
    g = Graph()
    x, channels = convolution(g, "pixel_values", 3, 32, 3, 2), 32
    blocks = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expansion, width, repeats, first in blocks:
        for repeat in range(repeats):
            stride, inner = first if repeat == 0 else 1, channels * expansion
            y = convolution(g, x, channels, inner, 1) if expansion > 1 else x
            y = convolution(g, y, inner, inner, 3, stride, inner)
            y = convolution(g, y, inner, width, 1, active=False)
            x = g.add("Add", x, y) if stride == 1 and channels == width else y
            channels = width
    pooled = g.add("GlobalAveragePool", convolution(g, x, channels, 1280, 1))
    g.add("Flatten", pooled, output="embedding")
    shape = ["n", 3, "height", "width"]
    inputs = [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 1280])]
    g.save(path / "model.onnx", inputs, outputs)
    half = [0.5, 0.5, 0.5]
    settings = {"size": {"height": 128, "width": 128}, "resample": 3, "image_mean": half, "image_std": half}
    (path / "preprocessor_config.json").write_text(json.dumps(settings))


def make_images():
    images = []
    for shard in sorted((data / "cifar10").glob("test-*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                if len(images) == 500 or not member.name.endswith(".jpg"):
                    continue
                with Image.open(io.BytesIO(archive.extractfile(member).read())) as image:
                    large = image.convert("RGB").resize((160, 160), Image.BICUBIC)
                file = io.BytesIO()
                large.save(file, "JPEG", quality=90)
                images.append(base64.b64encode(file.getvalue()).decode())
    (folder / "images.json").write_text(json.dumps(images))


make_text()
make_image()
make_images()
print(json.dumps({}))
