"""Cuts this example out of MNIST kept as Parquet: python make.py <folder with train.parquet and test.parquet>

Needs pyarrow. Writes, beside this file: labeled (150 digits), validation (300), unlabeled (9,550, the
labels dropped, in two batches) and test (2,000).
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq

source = Path(sys.argv[1])
here = Path(__file__).parent
train = pq.read_table(source / "train.parquet")
test = pq.read_table(source / "test.parquet")


def write(name, table, keep_labels=True):
    path = here / name
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ["id", "image", "label"] if keep_labels else ["id", "image"]
    pq.write_table(
        table.select(columns),
        path,
        compression="none",  # the images are PNG files already
        use_dictionary=False,
        row_group_size=1000,
    )


write("labeled/digits.parquet", train.slice(0, 150))
write("validation/digits.parquet", train.slice(150, 300))
for batch, start, count in (("first", 450, 5000), ("second", 5450, 4550)):
    write(f"unlabeled/{batch}/digits.parquet", train.slice(start, count), keep_labels=False)
    (here / f"unlabeled/{batch}/_SUCCESS").touch()
write("test/digits.parquet", test.slice(0, 2000))
