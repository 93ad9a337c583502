"""Writes ngrams.json: words, n-grams and buckets of texts, by the reader in docs/ngrams.md.

Counts of character n-grams are those of fastText, if the package is installed
(fasttext-wheel 0.9.2): python3 make-ngrams.py
"""
import io, json, pathlib, sys, tempfile

here = pathlib.Path(__file__).parent
document = (here / "../../docs/ngrams.md").read_text()
reader = document.split("```python\n")[1].split("```")[0]

TEXTS = [
    "The food was GREAT, wasn't it?!  10/10 :-)",
    "don't re-order; e.g. 3.5% of €1,000",
    "Straße İstanbul ΣΊΣΥΦΟΣ naïve cafe\u0301 \u0301x",
    "Это очень хороший фильм — советую!",
    "这部电影很好看。映画はとても面白かったです、カメラー！",
    "영화가 정말 재미있어요",
    "यह फिल्म बहुत अच्छी है।",
    "الفيلم رائع جدا",
    "הסרט נהדר",
    "ภาพยนตร์เรื่องนี้ดีมาก",
    "👍🏽 great 👨‍👩‍👧 ❤️ 10€",
    "a" * 150 + " 𠮷野家 𝒳𝒴",
    "",
    " \t ",
]
OPTIONS = [(2, 3, 5, 2**20), (1, 0, 0, 2**20), (3, 1, 2, 1000)]

fields = {"dimension": 1, "hidden": 0, "subclasses": 1, "tensors": []}
empty = {"buckets": [], "vectors": [], "scores/kernel": [0], "scores/bias": [0]}


def read(options):
    """Runs the reader on no text, for its functions."""
    words, low, high, buckets = options
    model = {**fields, "wordNgrams": words, "minChars": low, "maxChars": high, "buckets": buckets}
    model["tensors"] = [{"name": n, "dtype": "float32", "shape": [len(v)]} for n, v in empty.items()]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "ngrams.json").write_text(json.dumps(model))
        pathlib.Path(folder, "ngrams.bin").write_bytes(bytes(8))
        argv, stdin = sys.argv, sys.stdin
        sys.argv, sys.stdin = ["", folder], io.StringIO("")
        names = {}
        exec(reader, names)
        sys.argv, sys.stdin = argv, stdin
    return names


def counts(words):
    """Character n-grams of 3 to 5 characters, by fastText."""
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("a b c\n" * 10)
        file.flush()
        model = fasttext.train_unsupervised(file.name, minn=3, maxn=5, dim=2, bucket=1000, minCount=1)
    # fastText's characters are code points, too. The word itself is not in its vocabulary.
    return {word: len(model.get_subwords(word)[0]) for word in words}


cases = []
for options in OPTIONS:
    names = read(options)
    for text in TEXTS:
        ngrams = list(names["ngrams"](text))
        cases.append(
            {
                "options": options,
                "text": text,
                "words": list(names["words"](text)),
                "buckets": sorted(names["bucket"](ngram) for ngram in ngrams),
            }
        )
every = sorted({word for case in cases for word in case["words"]})
try:
    found = counts(every)
except ImportError:
    found = json.loads((here / "ngrams.json").read_text())["fastText"]
(here / "ngrams.json").write_text(
    json.dumps({"cases": cases, "fastText": found}, ensure_ascii=False) + "\n"
)
