#!/usr/bin/env python3
"""Check the review data set: format, counts, balance, and duplicates.

usage: check_reviews.py [folder]      (default: the folder of this script)

Prints one summary line and exits 0 when everything holds; otherwise prints
the offending rows and exits 1.
"""

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

HEADER = "sentence\tlabel"
MIN_ROWS = {"train": 800, "dev": 160}
MAX_IMBALANCE = 0.01   # |share of positives - 0.5|
MAX_WORD_JACCARD = 0.5
MAX_TRIGRAM_JACCARD = 0.3
MIN_WORDS, MAX_WORDS = 3, 45


def words(sentence):
    """Lower-case words without punctuation."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", sentence.lower())


def jaccard(a, b):
    union = len(a | b)
    return len(a & b) / union if union else 0.0


def read_split(path, errors):
    """Return [(place, sentence, label)] and append format errors."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        errors.append(f"{path.name}: {error}")
        return []
    if "\r" in text:
        errors.append(f"{path.name}: carriage return found")
    if not text.endswith("\n"):
        errors.append(f"{path.name}: no newline at the end of the file")
    lines = text.removesuffix("\n").split("\n")
    if lines[0] != HEADER:
        errors.append(f"{path.name}:1: header is {lines[0]!r}")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        place = f"{path.name}:{number}"
        fields = line.split("\t")
        if len(fields) != 2 or fields[1] not in ("0", "1"):
            errors.append(f"{place}: bad row {line!r}")
            continue
        sentence = fields[0]
        if sentence != " ".join(sentence.split()) or '"' in sentence:
            errors.append(f"{place}: stray blank or double quote: {sentence!r}")
        if not MIN_WORDS <= len(words(sentence)) <= MAX_WORDS:
            errors.append(f"{place}: bad length: {sentence!r}")
        rows.append((place, sentence, int(fields[1])))
    return rows


def check_counts(name, rows, errors):
    if len(rows) < MIN_ROWS[name]:
        errors.append(f"{name}: {len(rows)} rows, need {MIN_ROWS[name]}")
    positives = Counter(label for _, _, label in rows)[1]
    if rows and abs(positives / len(rows) - 0.5) > MAX_IMBALANCE:
        errors.append(f"{name}: {positives} of {len(rows)} rows are positive")


def check_duplicates(rows, errors):
    """Compare every pair of rows, inside and across the splits."""
    seen = defaultdict(list)
    features = []
    for place, sentence, _ in rows:
        tokens = words(sentence)
        seen[" ".join(tokens)].append((place, sentence))
        features.append((place, sentence, set(tokens),
                         set(zip(tokens, tokens[1:], tokens[2:]))))
    for group in seen.values():
        if len(group) > 1:
            errors.append("duplicate: " + " | ".join(f"{p}: {s}" for p, s in group))
    for i, (place_a, text_a, set_a, tri_a) in enumerate(features):
        for place_b, text_b, set_b, tri_b in features[i + 1:]:
            by_word, by_trigram = jaccard(set_a, set_b), jaccard(tri_a, tri_b)
            if by_word > MAX_WORD_JACCARD or by_trigram > MAX_TRIGRAM_JACCARD:
                errors.append(f"near-duplicate (words {by_word:.2f}, trigrams {by_trigram:.2f}): "
                              f"{place_a}: {text_a} | {place_b}: {text_b}")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    errors = []
    splits = {name: read_split(folder / f"{name}.tsv", errors) for name in MIN_ROWS}
    for name, rows in splits.items():
        check_counts(name, rows, errors)
    check_duplicates([row for rows in splits.values() for row in rows], errors)
    for error in errors:
        print(error)
    sizes = ", ".join(f"{len(rows)} {name}" for name, rows in splits.items())
    print(f"reviews: {sizes}, " + (f"{len(errors)} errors" if errors else "ok"))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
