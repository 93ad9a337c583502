"""Writes texts.json: texts of many scripts, and what they are after normalization.

Uses Python's unicodedata as the reference for categories and NFC, and str.split for white space.
Run: python make-texts.py > texts.json
"""

import json
import random
import unicodedata

WHITE = set("\t\n\v\f\r \x85")


def normalize(text, limit=10_000):
    text = "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in text)
    text = "".join(c for c in text if c in WHITE or unicodedata.category(c) != "Cc")
    text = unicodedata.normalize("NFC", text.replace("\ufeff", ""))
    text = " ".join(text.split())
    end = limit
    while 0 < end < len(text) and end > limit - 32:
        mark = unicodedata.category(text[end])[0] == "M" or text[end] == "\u200d"
        skin = 0x1F3FB <= ord(text[end]) <= 0x1F3FF
        if not (mark or skin or text[end - 1] == "\u200d"):
            return text[:end].rstrip()
        end -= 1
    return text[:limit].rstrip()


CASES = [
    "plain ASCII text",
    "  two  spaces \t and\r\nlines\n\n",
    "\ufeffa byte order mark, and one\ufeff inside",
    "cafe\u0301 \u212b \u1e9b\u0323 \u2126 \ufb01",
    "e\u0000\u0301 a null byte before an accent",
    "\x01\x02bell\x07 delete\x7f C1\x84\x9f next line\x85here",
    "no-break\u00a0space, narrow\u202f, ideographic\u3000, line\u2028 paragraph\u2029 zero\u200bwidth",
    "\x1c\x1d\x1e\x1f separators of files are control characters",
    "\u05e9\u05dc\u05d5\u05dd \u200f\u05e2\u05d5\u05dc\u05dd\u200e mixed with Latin",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
    "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0958",
    "\u65e5\u672c\u8a9e\u306e\u6587\u7ae0 \u304b\u3099 \uff76\uff9e",
    "\U0001f469\u200d\U0001f680 \U0001f44d\U0001f3fd \U0001f1e8\U0001f1ed \u2764\ufe0f",
    "a\u0327\u0301 \u0301\u0327a reordered marks",
    "lone high \ud83d and low \ude00 surrogates",
    "\ufffe\uffff noncharacters",
    "",
    " \t\r\n\u3000 ",
    "\x00\x01",
]


def scripts(random):
    """Random texts: letters, marks, controls and spaces of the whole of Unicode."""
    pools = [(0x20, 0x7E), (0xA0, 0x36F), (0x370, 0x5FF), (0x600, 0x8FF), (0x900, 0xDFF)]
    pools += [(0xE00, 0x11FF), (0x1E00, 0x20CF), (0x3000, 0x30FF), (0x4E00, 0x4F00), (0xAC00, 0xAD00)]
    pools += [(0, 0x20), (0x7F, 0xA0), (0xF900, 0xFAFF), (0x1F300, 0x1F6FF), (0xD800, 0xDFFF)]
    for _ in range(300):
        low, high = random.choice(pools)
        chars = (random.choice([(low, high), (low, high), random.choice(pools)]) for _ in range(30))
        text = "".join(chr(random.randint(*pool)) for pool in chars)
        # Python keeps two lone surrogates apart that JavaScript reads as a pair.
        yield text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def main():
    rng = random.Random(1)
    items = [{"text": text, "maxCharacters": 10_000} for text in CASES]
    items += [{"text": text, "maxCharacters": 10_000} for text in scripts(rng)]
    items += [{"text": text, "maxCharacters": rng.randint(1, 12)} for text in CASES + list(scripts(rng))[:100]]
    for item in items:
        item["normalized"] = normalize(item["text"], item["maxCharacters"])
    print(json.dumps(items, indent=0))


main()
