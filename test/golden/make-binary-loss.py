"""Writes binary-loss.json beside it: PyTorch's weighted binary cross-entropy and its gradients.

    python -m venv /tmp/golden-binary-loss
    /tmp/golden-binary-loss/bin/pip install torch==2.15.0 numpy==2.4.6
    /tmp/golden-binary-loss/bin/python test/golden/make-binary-loss.py
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

SIZE, LABELS = 6, 3
RNG = np.random.default_rng(8)


def single(values):
    """Numbers that are the same in float32, so that both sides start from the same."""
    return torch.tensor(values, dtype=torch.float32).double()


logits = single(RNG.normal(0, 3, (SIZE, LABELS)))
targets = single(RNG.uniform(0, 1, (SIZE, LABELS)))
weights = single(RNG.uniform(0, 2, (SIZE, LABELS)))
# Hard labels, and logits whose sigmoid rounds to 0 or 1, or is 1/2.
targets[:2] = (targets[:2] > 0.5).double()
logits[1] = single([100, -100, 0])
logits[5] = single([-30, 30, 0])
targets[1] = single([0, 0, 1])

logits.requires_grad_()
loss = binary_cross_entropy_with_logits(logits, targets, weight=weights)
loss.backward()
content = {
    "size": SIZE,
    "logits": logits.tolist(),
    "targets": targets.tolist(),
    "weights": weights.tolist(),
    "probabilities": torch.sigmoid(logits).tolist(),
    "loss": loss.item(),
    "gradients": logits.grad.tolist(),
}
(Path(__file__).parent / "binary-loss.json").write_text(json.dumps(content) + "\n")
