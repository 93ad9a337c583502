"""Writes embeddings with classes, for training: python3 heads_data.py FOLDER COUNT LENGTH

embeddings.f32 has COUNT embeddings of unit length, and labels.i32 their classes. As in the
embeddings of real encoders, the variances along the principal axes fall off quickly.
"""
import sys
from pathlib import Path

import numpy as np

folder, count, length = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
CLASSES = 10
random = np.random.default_rng(1)
axes = np.linalg.qr(random.standard_normal((length, length)))[0]
deviations = (1 + np.arange(length)) ** -0.5
labels = random.integers(CLASSES, size=count).astype(np.int32)
means = 0.12 * deviations * random.standard_normal((CLASSES, length))
noise = deviations * random.standard_normal((count, length))
values = (means[labels] + noise + 0.3 * random.standard_normal(length)) @ axes.T
values /= np.linalg.norm(values, axis=1, keepdims=True)
values.astype(np.float32).tofile(folder / "embeddings.f32")
labels.tofile(folder / "labels.i32")
print("{}")
