#!/usr/bin/env python3
"""BertTokenizer's ids of many lines are KerasHub's: SST-2, and lines made of twenty scripts, emoji, combining marks and what else
Unicode has. With LINNET_TOKENIZER_LINES, so many made ones and all of SST-2; else a tenth of both.
Usage: tokenizer_lines.py LINNET_INTEROP"""
import json
import os
import pathlib
import random
import sys
import tempfile
import time
import unicodedata

from support import SHARED, keras_hub, linnet

GENERATED = int(os.environ.get("LINNET_TOKENIZER_LINES", 0))
# Of each kind some words, written for this test.
SCRIPTS = [
    "the film was an unexpected delight", "le garçon mangeait déjà un gâteau à l'été", "Straße Übergröße schöne Grüße", "niño señor corazón ¿qué? ¡sí!",
    "ação português coração não", "İstanbul ığdır çiçek şeker", "žluťoučký kůň úpěl ďábelské ódy", "zażółć gęślą jaźń", "đường phố Việt Nam tiếng",
    "мама мыла раму Ёжик подъезд", "καλημέρα κόσμε ΣΟΦΟΣ άνθρωπος", "שלום עולם יְרוּשָׁלַיִם", "مرحبا بالعالم السَّلَامُ عَلَيْكُمْ", "नमस्ते दुनिया हिन्दी क्षत्रिय", "வணக்கம் உலகம்",
    "สวัสดีชาวโลก ที่นี่", "안녕하세요 세계 한국어", "こんにちは世界 カタカナ ｶﾀｶﾅ", "你好 世界 我爱自然语言处理 繁體中文", "ᎣᏏᏲ ᏣᎳᎩ ꮳꮃꭹ", "ელექტრო Ⴀ", "ⅷ ½ ② ㌔ ﬁ ﬀ ﷺ ℻ Å",
]
ODD = ["\u2013", "\u2014", "\u2026", "\ufffd", "\0", "\u00a0", "\u200b", "\u200d", "\u00ad", "\ufeff", "\u3000", "\u2028", "\u0301", "\u0323", "\u20dd", "\u0345", "\u034f",
       "\u202e", "\U0001F600", "\U0001F468\u200d\U0001F469\u200d\U0001F467", "\U0001F1E9\U0001F1EA", "\u2764\ufe0f", "\U0001F44D\U0001F3FD", "\u1112\u1161\u11ab",
       "\ud55c", "\U0001D400", "\U00020000", "\uff21\uff22", "\u1e9e", "\u0130", "\u03c2", "$", "+", "`", "'", "\"", "#", "##s", "[MASK]", "[CLS]", "[UNK]", "x" * 101,
       "a" * 99 + "\u00e9", "\t", "\r", "\x0b", "\x1f", "\x7f", "\u0085"]
VARIANTS = [
    ("bert_en_uncased.txt", {"lowercase": True}),
    ("bert_en_uncased.txt", {"lowercase": True, "strip_accents": True, "special_tokens_in_strings": True}),
    ("synthetic_cased.txt", {"lowercase": False}),
    ("bert_zh.txt", {"lowercase": False, "split_on_cjk": False}),
]


def sentences(file):
    return [line.split("\t")[0] for line in file.read_text(encoding="utf-8").splitlines()[1:]]


def generated(count):
    chance = random.Random(2)
    words = [word for line in SCRIPTS for word in line.split()]
    # All that Python's Unicode knows, but for surrogates and private use.
    known = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) not in ("Cs", "Co", "Cn")]
    for _ in range(count):
        pieces = []
        for _ in range(chance.randint(1, 12)):
            kind = chance.random()
            if kind < 0.6:
                pieces.append(chance.choice(words))
            elif kind < 0.8:
                pieces.append(chance.choice(ODD))
            elif kind < 0.9:
                pieces.append("".join(chance.choice(known) for _ in range(chance.randint(1, 5))))
            else:
                word = list(chance.choice(words))
                word.insert(chance.randint(0, len(word)), chance.choice(ODD))
                pieces.append("".join(word))
        yield chance.choice((" ", " ", "")).join(pieces).replace("\n", " ")


vocabularies = SHARED / "fixtures" / "vocab"
if not vocabularies.exists():
    print(f"skipped: tokenizer_lines.py: no {vocabularies}")
    sys.exit(0)
lines = list(generated(GENERATED or 4_000))
if GENERATED:
    for name in "train.tsv", "dev.tsv":
        lines += sentences(SHARED / "sst2" / name)
else:
    lines += sentences(SHARED / "sst2" / "dev.tsv")
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "lines.json").write_text(json.dumps(lines))
    for vocabulary, options in VARIANTS:
        begin = time.monotonic()
        linnet("tokenize", vocabularies / vocabulary, json.dumps(options), folder / "lines.json", folder / "ids")
        actual = [[int(number) for number in row.split()] for row in (folder / "ids").read_text().split("\n")[:-1]]
        middle = time.monotonic()
        tokenizer = keras_hub.models.BertTokenizer(vocabulary=str(vocabularies / vocabulary), **options)
        expected = [list(map(int, tokenizer(line))) for line in lines]
        assert len(actual) == len(lines)
        wrong = [i for i, (ours, theirs) in enumerate(zip(actual, expected)) if ours != theirs]
        for i in wrong[:10]:
            print(f"{vocabulary} {options}: {lines[i]!r}\n  KerasHub {expected[i]}\n  Linnet   {actual[i]}")
        assert not wrong, f"{len(wrong)} of {len(lines)} lines differ"
        print(f"{vocabulary} {options}: {len(lines)} lines equal (Linnet {middle - begin:.1f} s, KerasHub {time.monotonic() - middle:.1f} s)")
print(f"reached: all ids of {len(lines)} lines are KerasHub's, in {len(VARIANTS)} settings")
