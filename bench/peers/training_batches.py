"""What the trainers read of training_data.py's files, and of their command line."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

EXAMPLES = {"convnet": "images", "resnet20": "images", "efficientnet-lite0": "photos", "mlp": "rows"}
BATCH_SIZES = {"convnet": 128, "resnet20": 128, "efficientnet-lite0": 32, "mlp": 256}


@dataclass
class Training:
    """FOLDER STUDENT EPOCHS [OPTION ...]"""

    student: str
    epochs: int
    options: set
    examples: np.ndarray
    """[n, *shape], float32, normalised."""
    targets: np.ndarray
    """[n, classes], soft labels."""
    weights: np.ndarray
    """[n]"""
    shape: tuple
    classes: int
    batch_size: int


def read_training():
    folder, student, epochs, *options = sys.argv[1:]
    name = EXAMPLES[student]
    about = json.loads((Path(folder) / f"{name}.json").read_text())
    shape, classes = tuple(about["shape"]), about["classes"]

    def read(what, dtype):
        return np.fromfile(Path(folder) / f"{name}.{what}", dtype)

    return Training(
        student=student,
        epochs=int(epochs),
        options=set(options),
        examples=read("examples", np.float32).reshape(-1, *shape),
        targets=read("targets", np.float32).reshape(-1, classes),
        weights=read("weights", np.float32),
        shape=shape,
        classes=classes,
        batch_size=BATCH_SIZES[student],
    )
