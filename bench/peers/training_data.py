"""Prepares what all trainers read: training_data.py DATA FOLDER

Writes, into FOLDER, CIFAR-10's first images (images.examples, float32, [n, 32, 32, 3], normalised), 320 of them
enlarged (photos.examples, [n, 96, 96, 3]) and the Adult census (rows.examples, float32, [n, features], standardised and one-hot). Beside each: .targets, soft labels as a
teacher would give them, float32 [n, classes]; .weights, float32 [n], in [0, 1]; and .json, with shape and classes.
"""

import csv
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SHARDS = 7  # of 1,000 images
PHOTOS, PHOTO_SIZE = 320, 96
data, folder = Path(sys.argv[1]), Path(sys.argv[2])
random = np.random.default_rng(6)


def write(name, examples, labels, classes):
    # How sure a teacher is differs from example to example, and some times it errs.
    scores = 3 * np.eye(classes)[labels] + random.normal(size=(len(labels), classes))
    targets = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    weights = random.uniform(size=len(labels))
    examples.astype(np.float32).tofile(folder / f"{name}.examples")
    targets.astype(np.float32).tofile(folder / f"{name}.targets")
    weights.astype(np.float32).tofile(folder / f"{name}.weights")
    (folder / f"{name}.json").write_text(json.dumps({"shape": examples.shape[1:], "classes": classes}))


def images():
    pixels, labels = [], []
    for shard in sorted((data / "cifar10").glob("train-*.tar"))[:SHARDS]:
        with tarfile.open(shard) as archive:
            for member in archive:
                content = archive.extractfile(member).read()
                if member.name.endswith(".cls"):
                    labels.append(int(content))
                else:
                    pixels.append(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))
    scaled = np.stack(pixels) / np.float32(255)
    mean, std = scaled.mean(axis=(0, 1, 2)), scaled.std(axis=(0, 1, 2))
    write("images", (scaled - mean) / std, labels, 10)
    sizes = (PHOTO_SIZE, PHOTO_SIZE)
    enlarged = [np.asarray(Image.fromarray(image).resize(sizes, Image.BICUBIC)) for image in pixels[:PHOTOS]]
    write("photos", np.stack(enlarged) / np.float32(127.5) - 1, labels[:PHOTOS], 10)


def rows():
    with open(data / "adult" / "train.csv", newline="") as file:
        header, *records = csv.reader(file)
    columns = {name: np.array(values) for name, values in zip(header, zip(*records))}
    labels = np.unique(columns.pop("income"), return_inverse=True)[1]
    table = np.stack([column.astype(object) for column in columns.values()], axis=1)
    numeric = [i for i, column in enumerate(columns.values()) if np.char.isdecimal(column).all()]
    categorical = [i for i in range(len(columns)) if i not in numeric]
    encoder = ColumnTransformer(
        [("standardised", StandardScaler(), numeric), ("one-hot", OneHotEncoder(sparse_output=False), categorical)]
    )
    write("rows", encoder.fit_transform(table), labels, 2)


images()
rows()
print(json.dumps({}))
