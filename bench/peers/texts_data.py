"""Writes texts with classes, for training: python3 texts_data.py FOLDER COUNT

texts.json has [text, class] per text; the last tenth is the test set. Words are random syllables
with Zipf's frequencies; every class prefers some of them.
"""
import json, random, sys
from pathlib import Path

folder, count = Path(sys.argv[1]), int(sys.argv[2])
random.seed(1)
CLASSES = 4
syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "ost")]
words = sorted({"".join(random.choices(syllables, k=random.randint(1, 4))) for _ in range(40_000)})
random.shuffle(words)
frequencies = [1 / (rank + 10) for rank in range(len(words))]
topics = [random.sample(words, 300) for _ in range(CLASSES)]
texts = []
for _ in range(count + count // 10):
    label = random.randrange(CLASSES)
    text = random.choices(words, frequencies, k=random.randint(8, 30))
    text = [random.choice(topics[label]) if random.random() < 0.06 else word for word in text]
    texts.append([" ".join(text), label])
(folder / "texts.json").write_text(json.dumps(texts))
print("{}")
