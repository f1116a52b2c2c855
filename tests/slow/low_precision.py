#!/usr/bin/env python3
"""A fine-tuned classifier of SST-2 computing in bfloat16 and with int8 weights, beside itself in float32: accuracy on the dev set, and the
cosine between the logits. Without --preset it fine-tunes one first: an epoch of MiniLM with the defaults of `linnet finetune`."""
import argparse
import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
POINTS = 0.6    # what accuracy may differ from float32's
COSINE = 0.999  # what the cosine of the logits must be at least, of all sentences together


def run(*command):
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout


def cosine(left, right):
    dot, a, b = (sum(x * y for x, y in zip(*pair)) for pair in ((left, right), (left, left), (right, right)))
    return dot / math.sqrt(a * b)


class Trial:
    def __init__(self, options, directory):
        self.linnet, self.dev, self.directory = options.linnet, options.data / "dev.tsv", directory
        with self.dev.open(newline="") as file:
            self.labels = [row["label"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
        self.preset = options.preset or directory / "model"
        if not options.preset:
            run(self.linnet, "finetune", "--preset", options.base, "--train", options.data / "train.tsv", "--dev", self.dev, "--output", self.preset)

    def answers(self, preset, dtype):
        """How many hundredths of the sentences are judged rightly, and the logits of each."""
        lines = run(self.linnet, "predict", "--preset", preset, "--data", self.dev, "--dtype", dtype, "--json").splitlines()
        rows = [json.loads(line) for line in lines]
        assert len(rows) == len(self.labels)
        right = sum(row["label"] == label for row, label in zip(rows, self.labels))
        return 100 * right / len(rows), [row["logits"] for row in rows]

    def compare(self):
        """True if every form is as near to float32 as it must be."""
        int8 = self.directory / "int8"
        run(self.linnet, "quantize", "--preset", self.preset, "--output", int8)
        accuracy, logits = self.answers(self.preset, "float32")
        words, ok = [f"float32 {accuracy:.2f} %"], True
        for name, preset, dtype in (("bfloat16", self.preset, "bfloat16"), ("int8", int8, "float32")):
            other, others = self.answers(preset, dtype)
            together = cosine([x for row in logits for x in row], [x for row in others for x in row])
            least = min(map(cosine, logits, others))
            ok = ok and abs(other - accuracy) <= POINTS and together >= COSINE
            words.append(f"{name} {other:.2f} %, cosine of the logits {together:.6f}, of one sentence's at least {least:.4f}")
        print(("reached: " if ok else "wrong: ") + f"SST-2 dev, {len(self.labels)} sentences: " + "; ".join(words), flush=True)
        return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--linnet", default=ROOT / "build/release/bin/linnet", help="the program")
    parser.add_argument("--preset", help="a classifier that is fine-tuned already")
    parser.add_argument("--base", default=SHARED / "presets/minilm_l6_en_uncased", help="what to fine-tune")
    parser.add_argument("--data", default=SHARED / "sst2", type=pathlib.Path, help="where train.tsv and dev.tsv are")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linnet-low-precision-") as directory:
        sys.exit(not Trial(options, pathlib.Path(directory)).compare())


if __name__ == "__main__":
    main()
