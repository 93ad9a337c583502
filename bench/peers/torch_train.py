"""Trains a student with PyTorch: torch_train.py FOLDER STUDENT EPOCHS [OPTION ...]

Images lie in memory channels last, which oneDNN takes as they are, and Adam updates all weights in one operation. The
option "compile" compiles the network with Inductor; with "cuda" everything, the examples too, lies on the GPU, and cuDNN
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


def mlp():
    (features,) = training.shape
    hidden = (nn.Linear(features, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU())
    return nn.Sequential(*hidden, nn.Linear(128, training.classes))


torch.manual_seed(1)
device = "cuda" if "cuda" in training.options else "cpu"
torch.backends.cudnn.benchmark = True
model = {"convnet": convnet, "resnet20": resnet20, "mlp": mlp}[training.student]().to(device)
examples, targets, weights = (
    torch.from_numpy(values).to(device) for values in (training.examples, training.targets, training.weights)
)
if examples.ndim == 4:
    examples = examples.permute(0, 3, 1, 2)  # Channels last stay where they are: only the strides change.
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
