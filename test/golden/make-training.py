"""Writes training.json beside it: training steps of a small network and its losses, in numpy.

    python -m venv /tmp/golden-training && /tmp/golden-training/bin/pip install numpy==2.4.6
    /tmp/golden-training/bin/python test/golden/make-training.py

The network is dense, relu, dense, softmax; the gradients are written out by hand, in float64.
"""

import json
from pathlib import Path

import numpy as np

SIZE, FEATURES, HIDDEN, CLASSES = 7, 5, 6, 4
LEARNING_RATE, WEIGHT_DECAY, MOMENTUM = 0.01, 0.1, 0.9
STEPS = 3
TOP_K = 2
STRENGTH = 0.3

random = np.random.default_rng(3)


def exact(values):
    """Numbers that are the same in float32, so that both sides start from the same."""
    return values.astype(np.float32).astype(np.float64)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def mixed(probabilities, batch):
    """SLaM's mixture of the student and of the classes that the teacher finds most likely."""
    alphas = batch["alphas"][:, None]
    ranks = (-batch["targets"]).argsort(axis=1, kind="stable").argsort(axis=1)
    top = (ranks < TOP_K).astype(float)
    return alphas * probabilities + (1 - alphas) * (1 - probabilities) * top, alphas - (1 - alphas) * top


def losses_of(kind, probabilities, batch):
    """The loss of each row, and its gradient by the probabilities."""
    targets = batch["targets"]
    if kind == "crossEntropy":
        return -(targets * np.log(probabilities)).sum(axis=1), -targets / probabilities
    if kind == "mse":
        return ((probabilities - targets) ** 2).sum(axis=1), 2 * (probabilities - targets)
    if kind == "mcmi":
        labels = targets.argmax(axis=1)
        logs = np.log(probabilities / batch["classMeans"][labels])
        right = -(targets * np.log(probabilities)).sum(axis=1)
        return (
            right - STRENGTH * (probabilities * logs).sum(axis=1),
            -targets / probabilities - STRENGTH * (logs + 1),
        )
    mixture, slope = mixed(probabilities, batch)
    return -(targets * np.log(mixture)).sum(axis=1), -targets / mixture * slope


def loss_and_gradients(values, batch, kind="crossEntropy"):
    features, weights = batch["features"], batch["weights"]
    before = features @ values["dense1/kernel"] + values["dense1/bias"]
    hidden = np.maximum(before, 0)
    probabilities = softmax(hidden @ values["classes/kernel"] + values["classes/bias"])
    losses, to_probabilities = losses_of(kind, probabilities, batch)
    through_softmax = to_probabilities - (to_probabilities * probabilities).sum(axis=1, keepdims=True)
    to_logits = weights[:, None] * probabilities * through_softmax / SIZE
    to_before = (to_logits @ values["classes/kernel"].T) * (before > 0)
    gradients = {
        "dense1/kernel": features.T @ to_before,
        "dense1/bias": to_before.sum(axis=0),
        "classes/kernel": hidden.T @ to_logits,
        "classes/bias": to_logits.sum(axis=0),
    }
    return (weights * losses).sum() / SIZE, probabilities, gradients


def adam(slots, gradient, step):
    slots["m"] = 0.9 * slots.get("m", 0) + 0.1 * gradient
    slots["v"] = 0.999 * slots.get("v", 0) + 0.001 * gradient**2
    m, v = slots["m"] / (1 - 0.9**step), slots["v"] / (1 - 0.999**step)
    return m / (np.sqrt(v) + 1e-8)


def sgd(slots, gradient, step):
    slots["velocity"] = MOMENTUM * slots.get("velocity", 0) + gradient
    return slots["velocity"]


def train(rule, start, batch):
    values, slots, steps = dict(start), {name: {} for name in start}, []
    for step in range(1, STEPS + 1):
        loss, _, gradients = loss_and_gradients(values, batch)
        for name, gradient in gradients.items():
            direction = rule(slots[name], gradient, step)
            decay = WEIGHT_DECAY if name.endswith("kernel") else 0
            values[name] = (1 - LEARNING_RATE * decay) * values[name] - LEARNING_RATE * direction
        steps.append({"loss": loss, "values": {name: value for name, value in values.items()}})
    return steps


start = {
    "dense1/kernel": exact(random.normal(size=(FEATURES, HIDDEN))),
    "dense1/bias": exact(random.normal(size=HIDDEN) / 10),
    "classes/kernel": exact(random.normal(size=(HIDDEN, CLASSES))),
    "classes/bias": exact(random.normal(size=CLASSES) / 10),
}
batch = {
    "features": exact(random.normal(size=(SIZE, FEATURES))),
    "targets": exact(softmax(2 * random.normal(size=(SIZE, CLASSES)))),
    "weights": exact(random.uniform(0, 2, size=SIZE)),
    "alphas": exact(random.uniform(0.5, 1, size=SIZE)),
    "classMeans": exact(softmax(random.normal(size=(CLASSES, CLASSES)))),
}
# The last example has a true label.
batch["alphas"][-1] = 1
_, probabilities, _ = loss_and_gradients(start, batch)
losses = {}
for kind in ("crossEntropy", "mse", "slam", "mcmi"):
    loss, _, gradients = loss_and_gradients(start, batch, kind)
    losses[kind] = {"loss": loss, "gradients": gradients}

content = {
    "learningRate": LEARNING_RATE,
    "weightDecay": WEIGHT_DECAY,
    "momentum": MOMENTUM,
    "start": start,
    "batch": batch,
    "topK": TOP_K,
    "strength": STRENGTH,
    "probabilities": probabilities,
    "losses": losses,
    "adam": train(adam, start, batch),
    "sgd": train(sgd, start, batch),
}
text = json.dumps(content, default=lambda array: array.ravel().tolist())
(Path(__file__).parent / "training.json").write_text(text + "\n")
