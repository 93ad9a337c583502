"""Makes test/golden/tokenizers/: tokenizers of four kinds, and the ids that Hugging Face gives.

    python -m venv venv
    venv/bin/pip install tokenizers==0.23.3 sentencepiece==0.2.3
    venv/bin/python test/golden/make-tokenizers.py

words.json has words in 20 scripts. Both this script and the test make the same 2,000 texts of
them. ids.json has the first digits of the SHA-256 of the ids of each text.
"""

import hashlib
import json
import tempfile
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors, trainers

FOLDER = Path(__file__).parent / "tokenizers"
FOLDER.mkdir(exist_ok=True)

WORDS = {
    "Latin": "The weather is lovely today café naïve Straße İstanbul über don't e-mail ﬁne Ǆ",
    "Greek": "Ο καιρός είναι υπέροχος σήμερα Ἀθῆναι ΟΔΟΣ μέρα",
    "Cyrillic": "Сегодня прекрасная погода ёлка Київ їжак объект",
    "Armenian": "Այսօր եղանակը հիանալի է և Հայաստան",
    "Hebrew": "מזג האוויר נפלא היום שָׁלוֹם ירושלים",
    "Arabic": "الطقس جميل اليوم مُحَمَّد ﷺ السَّلَامُ عليكم ١٢٣",
    "Devanagari": "आज मौसम बहुत सुहावना है हिन्दी क्षत्रिय १२३",
    "Bengali": "আজ আবহাওয়া খুব সুন্দর বাংলা ক্ষমা",
    "Gurmukhi": "ਅੱਜ ਮੌਸਮ ਬਹੁਤ ਵਧੀਆ ਹੈ ਪੰਜਾਬੀ",
    "Tamil": "இன்று வானிலை அருமையாக உள்ளது தமிழ்",
    "Telugu": "ఈరోజు వాతావరణం చాలా బాగుంది తెలుగు",
    "Thai": "วันนี้ อากาศดีมาก กรุงเทพฯ น้ำ",
    "Lao": "ມື້ນີ້ ອາກາດ ດີຫຼາຍ ລາວ",
    "Tibetan": "དེ་རིང་ གནམ་གཤིས་ ཡག་པོ་འདུག བོད་",
    "Burmese": "ဒီနေ့ ရာသီဥတု သာယာတယ် မြန်မာ",
    "Georgian": "დღეს მშვენიერი ამინდია საქართველო ᲗᲑᲘᲚᲘᲡᲘ",
    "Hangul": "오늘 날씨가 아름답습니다 한국어 가 서울",
    "Ethiopic": "ዛሬ አየሩ ደስ የሚል ነው አማርኛ ፩፪፫",
    "Japanese": "今日は いい 天気ですね ｶﾀｶﾅ カタカナ がぎぐ 日本語",
    "Han": "今天天氣 很好 中文分詞 𠮷野家 北京市 ㍿",
}
EXTRAS = [
    *["!", "...", "?!", ",", " — ", "(", ")", "#tag", "@user", "https://a.bc/d?e=1", "3.14", "1,000"],
    *["😀", "👩‍👩‍👧", "🇩🇪", "👍🏽", "\t", "\n", "  ", "\u00a0", "\u200b", "\u3000", "\u0301"],
    *["[SEP]", "<s>", "½", "①", "ﬀ", "Å", "\u0000", "''", "“”", "_", "a\u0308", "\u2028"],
]


def generator(seed):
    """Numerical Recipes' linear congruential generator; returns a function of a bound."""
    state = seed

    def draw(bound):
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return (state >> 8) % bound

    return draw


def texts():
    for number in range(2000):
        draw = generator(number)
        scripts = list(WORDS)
        own = WORDS[scripts[number % len(scripts)]].split()
        other = WORDS[scripts[draw(len(scripts))]].split()
        parts = []
        for _ in range(1 + draw(12)):
            kind = draw(10)
            if kind < 6:
                parts.append(own[draw(len(own))])
            elif kind < 7:
                parts.append(other[draw(len(other))])
            else:
                parts.append(EXTRAS[draw(len(EXTRAS))])
            if draw(4) > 0:
                parts.append(" ")
        yield "".join(parts)


def training_texts():
    """Texts without the names of special tokens, which would be learned as words."""
    return [text.replace("<s>", "").replace("[SEP]", "") for text in list(texts())[:400]]


def digest(row):
    return hashlib.sha256(json.dumps(row, separators=(",", ":")).encode()).hexdigest()[:6]


def wordpiece():
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=600, special_tokens=special, limit_alphabet=400, show_progress=False
    )
    made.train_from_iterator(training_texts(), trainer)
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.decoder = decoders.WordPiece()
    return made


def byte_level():
    """As RoBERTa and GPT-2."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(training_texts(), trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    made.decoder = decoders.ByteLevel()
    return made


RULES = {
    **{"½": "1⁄2", "①": "1", "ﬀ": "ff", "ﬁ": "fi", "㍿": "株式会社", "ｶ": "カ", "ﾀ": "タ", "ﾅ": "ナ"},
    **{"\u200b": " ", "\u3000": " ", "\u00a0": " ", "\t": " ", "a\u0308": "ä", "é": "e\u0301"},
}


def table_of_characters():
    """Returns a small table in the form of SentencePiece, whose usual one has 240 KB."""
    hexes = lambda text: " ".join(f"{ord(c):X}" for c in text)
    with tempfile.TemporaryDirectory() as folder:
        rules, text, model = (f"{folder}/{name}" for name in ("rules.tsv", "text", "model"))
        Path(rules).write_text("".join(f"{hexes(a)}\t{hexes(b)}\n" for a, b in RULES.items()))
        Path(text).write_text("\n".join(WORDS.values()))
        sentencepiece.SentencePieceTrainer.train(
            input=text,
            model_prefix=model,
            normalization_rule_tsv=rules,
            vocab_size=400,
            hard_vocab_limit=False,
            minloglevel=2,
        )
        made = sentencepiece_model_pb2.ModelProto()
        made.ParseFromString(Path(model + ".model").read_bytes())
        return made.normalizer_spec.precompiled_charsmap


def precompiled():
    """As XLM-R and T5."""
    made = unigram()
    table = normalizers.Precompiled(table_of_characters())
    made.normalizer = normalizers.Sequence([table, normalizers.Replace(Regex(" {2,}"), " ")])
    return made


def unigram():
    """With NFKC."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=700,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    made.train_from_iterator(training_texts(), trainer)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    made.decoder = decoders.Metaspace()
    return made


(FOLDER / "words.json").write_text(
    json.dumps({"words": WORDS, "extras": EXTRAS}, ensure_ascii=False, indent=1) + "\n"
)
all_texts = list(texts())
ids = {}
for make in (wordpiece, byte_level, unigram, precompiled):
    tokenizer = make()
    name = make.__name__.replace("_", "-")
    tokenizer.save(str(FOLDER / f"{name}.json"), pretty=False)
    lists = [tokenizer.encode(text).ids for text in all_texts]
    ids[name] = " ".join(digest(row) for row in lists)
(FOLDER / "ids.json").write_text(json.dumps(ids, indent=1) + "\n")
