#!/usr/bin/env python3
"""Compares Linnet's tokenizer with Hugging Face's `tokenizers`, each on one thread, in turns; prints a JSON line a run, of the best time.

Usage: tokenizer.py --vocab VOCABULARY --texts FILE [--strip-accents] [--rounds N] [--program build/release/bin/linnet]
FILE has a text a line, or is a .tsv file with a header line whose first column is the text. Needs the package `tokenizers`."""
import argparse
import json
import os
import pathlib
import subprocess
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import tokenizers  # noqa: E402  (reads the two variables)


def texts_of(file):
    lines = pathlib.Path(file).read_text(encoding="utf-8").split("\n")
    if file.endswith(".tsv"):
        lines = [line.split("\t")[0] for line in lines[1:]]
    return [line for line in lines if line.strip()]


def theirs(options, texts):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece.from_file(options.vocab, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True, strip_accents=options.strip_accents)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        encodings = tokenizer.encode_batch_fast(texts)
        best = min(best, time.perf_counter() - start)
    size = sum(len(text.encode()) for text in texts)
    return {"peer": f"tokenizers {tokenizers.__version__}", "min_ms": round(best * 1e3, 3), "texts": len(texts),
            "tokens": sum(len(encoding.ids) for encoding in encodings), "mb_per_second": round(size / best / 1e6, 2)}


def ours(options):
    command = [options.program, "bench", "tokenizer", "--vocab", options.vocab, "--texts", options.texts, "--seconds", "1"]
    output = subprocess.run(command + ["--strip-accents"] * options.strip_accents, capture_output=True, text=True, check=True).stdout
    return json.loads(output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocab", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--strip-accents", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--program", default="build/release/bin/linnet")
    options = parser.parse_args()
    texts = texts_of(options.texts)
    for _ in range(options.rounds):
        print(json.dumps(ours(options)), flush=True)
        print(json.dumps(theirs(options, texts)), flush=True)


if __name__ == "__main__":
    main()
