"""Trains a student with PyTorch: torch_train.py FOLDER STUDENT EPOCHS [OPTION ...]

Images lie in memory channels last, which oneDNN takes as they are, and Adam updates all weights in one operation. The
option "contiguous" leaves channels first, and "compile" compiles the network with Inductor; with "cuda" everything, the examples too, lies on the GPU, and cuDNN
chooses its kernels by trying them. Prints the seconds of each epoch but the first, in which PyTorch chooses its kernels,
and the last epoch's loss.
"""

import json
import time

import torch
from torch import nn
from torch.nn import functional
from training_batches import read_training

training = read_training()


def convnet():
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(32), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(4096, training.classes)),
    )


def convolution(before, filters, size=3, strides=1):
    convolved = nn.Conv2d(before, filters, size, strides, padding=size // 2, bias=False)
    return nn.Sequential(convolved, nn.BatchNorm2d(filters))


class Block(nn.Module):
    def __init__(self, before, filters, strides):
        super().__init__()
        self.first = convolution(before, filters, strides=strides)
        self.second = convolution(filters, filters)
        self.shortcut = nn.Identity() if strides == 1 else convolution(before, filters, 1, strides)

    def forward(self, x):
        return functional.relu(self.second(functional.relu(self.first(x))) + self.shortcut(x))


def resnet20():
    stages = [Block(16, 16, 1), Block(16, 16, 1), Block(16, 16, 1)]
    for filters in (32, 64):
        stages += [Block(filters // 2, filters, 2), Block(filters, filters, 1), Block(filters, filters, 1)]
    ends = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, training.classes))
    return nn.Sequential(convolution(3, 16), nn.ReLU(), *stages, *ends)


def normalized(before, filters, size=1, strides=1, groups=1, activated=True):
    convolved = nn.Conv2d(before, filters, size, strides, padding=size // 2, groups=groups, bias=False)
    return nn.Sequential(convolved, nn.BatchNorm2d(filters), nn.ReLU6(inplace=True) if activated else nn.Identity())


class InvertedResidual(nn.Module):
    def __init__(self, before, filters, widen, size, strides):
        super().__init__()
        middle = before * widen
        self.residual = strides == 1 and before == filters
        self.path = nn.Sequential(
            normalized(before, middle) if widen > 1 else nn.Identity(),
            normalized(middle, middle, size, strides, groups=middle),
            normalized(middle, filters, activated=False),
        )

    def forward(self, x):
        return self.path(x) + x if self.residual else self.path(x)


def efficientnet_lite0():
    """As timm's efficientnet_lite0."""
    blocks, before = [], 32
    for widen, filters, count, strides, size in (
        *((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3)),
        *((6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)),
    ):
        for index in range(count):
            blocks.append(InvertedResidual(before, filters, widen, size, strides if index == 0 else 1))
            before = filters
    ends = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, training.classes))
    return nn.Sequential(normalized(3, 32, 3, 2), *blocks, normalized(320, 1280), *ends)


def mlp():
    (features,) = training.shape
    hidden = (nn.Linear(features, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU())
    return nn.Sequential(*hidden, nn.Linear(128, training.classes))


torch.manual_seed(1)
device = "cuda" if "cuda" in training.options else "cpu"
torch.backends.cudnn.benchmark = True
students = {"convnet": convnet, "resnet20": resnet20, "efficientnet-lite0": efficientnet_lite0, "mlp": mlp}
model = students[training.student]().to(device)
examples, targets, weights = (
    torch.from_numpy(values).to(device) for values in (training.examples, training.targets, training.weights)
)
if examples.ndim == 4:
    examples = examples.permute(0, 3, 1, 2)  # Channels last stay where they are: only the strides change.
    if "contiguous" in training.options:
        examples = examples.contiguous()
    else:
        model = model.to(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
forward = torch.compile(model) if "compile" in training.options else model


def epoch():
    losses = []
    for places in torch.randperm(len(examples), device=device).split(training.batch_size):
        batch = examples.index_select(0, places)
        loss = functional.cross_entropy(forward(batch), targets[places], reduction="none")
        loss = (loss * weights[places]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).mean().item()


seconds = []
for _ in range(training.epochs):
    start = time.perf_counter()
    loss = epoch()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds[1:], "loss": loss}))
