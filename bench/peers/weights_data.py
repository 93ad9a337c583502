"""Makes margins as a run has them: weights_data.py FOLDER

A teacher and a student that are right on most of ten classes, each less sure where it is wrong. Writes, for 2,000
validation examples, points.{teacher,student}, float32, and points.{wrong,teacher_losses,true_losses}, float64, all [n];
and for ten million others, queries.{teacher,student}, float32.
"""

import json
import sys
from pathlib import Path

import numpy as np

POINTS, QUERIES, CHUNK, CLASSES = 2_000, 10_000_000, 100_000, 10
folder = Path(sys.argv[1])
random = np.random.default_rng(6)


def examples(count):
    """Labels, and the probabilities of teacher and student, [count, classes]."""
    labels = random.integers(CLASSES, size=count)
    truth = np.eye(CLASSES)[labels]
    # What is hard for the one is hard for the other.
    difficulty = random.normal(size=(count, CLASSES))

    def probabilities(skill):
        scores = np.exp(skill * truth + difficulty + random.normal(size=(count, CLASSES)))
        return scores / scores.sum(axis=1, keepdims=True)

    return labels, probabilities(4), probabilities(3)


def margins(probabilities):
    second, first = np.partition(probabilities, CLASSES - 2, axis=1)[:, -2:].T
    return (first - second).astype(np.float32)


labels, teacher, student = examples(POINTS)
places, said = np.arange(POINTS), teacher.argmax(axis=1)
points = {
    "teacher": margins(teacher),
    "student": margins(student),
    "wrong": (said != labels).astype(np.float64),
    "teacher_losses": -np.log(student[places, said]),
    "true_losses": -np.log(student[places, labels]),
}
for name, values in points.items():
    values.tofile(folder / f"points.{name}")
with open(folder / "queries.teacher", "wb") as teachers, open(folder / "queries.student", "wb") as students:
    for _ in range(QUERIES // CHUNK):
        _, teacher, student = examples(CHUNK)
        margins(teacher).tofile(teachers)
        margins(student).tofile(students)
print(json.dumps({}))
