"""Trains a classifier of texts: python3 texts.py FOLDER fastText|SGDClassifier

Prints the CPU seconds of reading n-grams and training, and the accuracy on the last tenth. Both
read the n-grams of counterweight's defaults: one and two words, three to five characters in words.
"""
import json, sys, time
from pathlib import Path

folder, peer = Path(sys.argv[1]), sys.argv[2]
texts = json.loads((folder / "texts.json").read_text())
end = len(texts) * 10 // 11
train, test = texts[:end], texts[end:]


def write(name, rows):
    lines = "".join(f"__label__{label} {text}\n" for text, label in rows)
    (folder / name).write_text(lines)
    return str(folder / name)


def fast_text():
    import fasttext

    file, held_out = write("train.txt", train), write("test.txt", test)
    start = time.process_time()
    model = fasttext.train_supervised(
        file, dim=16, wordNgrams=2, minn=3, maxn=5, bucket=2**20, lr=1.0, epoch=5, thread=1, verbose=0
    )
    seconds = time.process_time() - start
    return seconds, model.test(held_out)[1]


def sgd_classifier():
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline, make_union

    model = make_pipeline(
        make_union(
            HashingVectorizer(ngram_range=(1, 2), alternate_sign=False),
            HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), alternate_sign=False),
        ),
        SGDClassifier(loss="log_loss", random_state=1),
    )
    start = time.process_time()
    model.fit([text for text, _ in train], [label for _, label in train])
    seconds = time.process_time() - start
    return seconds, model.score([text for text, _ in test], [label for _, label in test])


seconds, accuracy = {"fastText": fast_text, "SGDClassifier": sgd_classifier}[peer]()
print(json.dumps({"seconds": seconds, "accuracy": accuracy}))
