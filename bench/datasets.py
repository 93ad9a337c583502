"""Makes distillation problems out of whole data sets: python3 datasets.py SOURCE TARGET

SOURCE has cifar10/ (WebDataset shards of 1,000: train-00000.tar …, test-00000.tar …) and adult/ (train.csv,
test.csv with a header). The front of the training data becomes the labeled and the validation set, the rest is
unlabeled, the test data stays the test set.
"""

import csv
import shutil
import sys
import tarfile
from pathlib import Path

source, target = Path(sys.argv[1]), Path(sys.argv[2])


def cut_tar(shard, labeled, rest, examples):
    """Puts the first `examples` examples of a shard into one tar and the others into another."""
    with tarfile.open(shard) as whole, tarfile.open(labeled, "w") as front, tarfile.open(rest, "w") as back:
        seen = []
        for member in whole:
            key = member.name.split(".")[0]
            if not seen or seen[-1] != key:
                seen.append(key)
            (front if len(seen) <= examples else back).addfile(member, whole.extractfile(member))


def cifar10():
    folders = {name: target / "cifar10" / name for name in ("labeled", "validation", "unlabeled/all", "test")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    shards = sorted((source / "cifar10").glob("train-*.tar"))
    for shard in shards[:2]:
        shutil.copy(shard, folders["labeled"])
    cut_tar(shards[2], folders["labeled"] / shards[2].name, folders["validation"] / "first.tar", 500)
    cut_tar(shards[3], folders["validation"] / "second.tar", folders["unlabeled/all"] / shards[3].name, 500)
    for shard in shards[4:]:
        shutil.copy(shard, folders["unlabeled/all"])
    for shard in (source / "cifar10").glob("test-*.tar"):
        shutil.copy(shard, folders["test"])
    shutil.copy(source / "cifar10" / "classes.json", target / "cifar10")
    (target / "cifar10" / "distill.yaml").write_text(
        "task: { type: image-classification, classes: classes.json, size: [32, 32] }\n"
        "data: { format: webdataset, shardMiB: 8 }\n"
        "teacher:\n"
        "  train: { architecture: convnet, width: 32, depth: 3, epochs: 40, augment: { flip: true, crop: 4 } }\n"
        "student: { architecture: convnet, width: 16, depth: 3, epochs: 6 }\n"
    )


def adult():
    with open(source / "adult" / "train.csv", newline="") as file:
        header, *rows = csv.reader(file)
    income = header.index("income")
    sets = {"labeled": rows[:500], "validation": rows[500:1000], "unlabeled/all": rows[1000:]}
    for name, part in sets.items():
        folder = target / "adult" / name
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "adult.csv", "w", newline="") as file:
            csv.writer(file).writerows([header, *part])
    (target / "adult" / "test").mkdir(exist_ok=True)
    shutil.copy(source / "adult" / "test.csv", target / "adult" / "test")
    classes = sorted({row[income] for row in rows})
    (target / "adult" / "distill.yaml").write_text(
        f"task: {{ type: tabular-classification, classes: {classes}, target: income }}\n"
        "data: { format: csv }\n"
        "teacher: { train: { architecture: mlp, epochs: 30 } }\n"
        "student: { architecture: mlp, width: 64, epochs: 8, batchSize: 256 }\n"
    )


cifar10()
adult()
