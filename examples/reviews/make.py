"""Cuts this example out of Sentiment Labelled Sentences: python make.py <sentences.csv>

The file has the columns id, source, text and label. Writes, beside this file: labeled (100 sentences),
unlabeled (2,400, the labels dropped) and test (500).
"""

import csv
import sys
from pathlib import Path

here = Path(__file__).parent
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))


def write(name, part, columns):
    path = here / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(part)


write("labeled/reviews.csv", rows[:100], ["id", "text", "label"])
write("unlabeled/reviews.csv", rows[100:2500], ["id", "text"])
write("test/reviews.csv", rows[2500:], ["id", "text", "label"])
