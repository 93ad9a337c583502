"""Writes fine-tuning.json beside it: PyTorch's rates and smoothed losses, and scipy's Beta.

    python -m venv /tmp/golden-fine-tuning
    /tmp/golden-fine-tuning/bin/pip install torch==2.15.0 scipy==1.17.1 numpy==2.4.6
    /tmp/golden-fine-tuning/bin/python test/golden/make-fine-tuning.py
"""

import json
from pathlib import Path

import numpy as np
import torch
from scipy.stats import beta
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, SequentialLR

STEPS, WARM, RATE = 20, 6, 0.4
CLASSES, SMOOTHING = 4, 0.15
RNG = np.random.default_rng(5)


def rates(schedule):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    rise = LinearLR(optimizer, start_factor=1 / (WARM + 1), end_factor=1, total_iters=WARM)
    rest = CosineAnnealingLR(optimizer, STEPS - WARM) if schedule == "cosine" else ConstantLR(optimizer, 1)
    schedules = SequentialLR(optimizer, [rise, rest], [WARM])
    found = []
    for _ in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedules.step()
    return found


probabilities = torch.tensor(RNG.dirichlet(np.ones(CLASSES), 6), dtype=torch.float32).double()
soft = torch.tensor(RNG.dirichlet(np.ones(CLASSES), 6), dtype=torch.float32).double()
labels = torch.tensor(RNG.integers(0, CLASSES, 6))
logits = probabilities.log()


def smoothed(targets):
    loss = torch.nn.functional.cross_entropy(logits, targets, reduction="none", label_smoothing=SMOOTHING)
    return loss.tolist()


content = {
    "steps": STEPS,
    "warmup": WARM / STEPS,
    "learningRate": RATE,
    "rates": {schedule: rates(schedule) for schedule in ("cosine", "constant")},
    "classes": CLASSES,
    "smoothing": SMOOTHING,
    "probabilities": probabilities.ravel().tolist(),
    "soft": soft.ravel().tolist(),
    "labels": labels.tolist(),
    "losses": {"soft": smoothed(soft), "hard": smoothed(soft.argmax(1)), "true": smoothed(labels)},
    "points": [0.01, 0.1, 0.3, 0.5, 0.8, 0.99],
    "beta": {str(alpha): beta.cdf([0.01, 0.1, 0.3, 0.5, 0.8, 0.99], alpha, alpha).tolist() for alpha in (0.1, 0.4, 1, 3)},
}
(Path(__file__).parent / "fine-tuning.json").write_text(json.dumps(content) + "\n")
