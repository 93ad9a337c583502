"""Debiasing weights with scikit-learn on one thread: weights.py FOLDER

Chooses the fastest of its algorithms on some queries, then takes all. Prints the seconds, and the largest difference to
the weights and error probabilities that ours left in FOLDER.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np
from sklearn.neighbors import KNeighborsRegressor

NEIGHBORS, CHUNK, TRIAL = 45, 100_000, 20_000
folder = Path(sys.argv[1])


def read(name, dtype=np.float32):
    return np.fromfile(folder / name, dtype)


points = np.stack([read("points.teacher"), read("points.student")], axis=1)
columns = [read(f"points.{name}", np.float64) for name in ("wrong", "teacher_losses", "true_losses")]
queries = np.stack([read("queries.teacher"), read("queries.student")], axis=1)


def model(algorithm, leaf_size):
    found = KNeighborsRegressor(NEIGHBORS, algorithm=algorithm, leaf_size=leaf_size, n_jobs=1)
    return found.fit(points, np.stack(columns, axis=1))


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


models = [model("brute", 30)] + [model(tree, size) for tree in ("kd_tree", "ball_tree") for size in (20, 30, 50)]
best = min(models, key=lambda model: min(seconds(lambda: model.predict(queries[:TRIAL])) for _ in range(2)))

weights, errors = (np.empty(len(queries), np.float32) for _ in range(2))


def weigh():
    for start in range(0, len(queries), CHUNK):
        chunk = slice(start, start + CHUNK)
        wrong, teacher_loss, true_loss = best.predict(queries[chunk]).T
        errors[chunk] = wrong
        weights[chunk] = np.where(wrong > 0, np.clip(true_loss / teacher_loss, 0, 1), 1)


taken = seconds(weigh)
differences = (np.abs(weights - read("weights")).max(), np.abs(errors - read("errors")).max())
algorithm = f"{best.algorithm}, leaf size {best.leaf_size}"
print(json.dumps({"seconds": taken, "algorithm": algorithm, "difference": float(max(differences))}))
