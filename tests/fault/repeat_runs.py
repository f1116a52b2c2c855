#!/usr/bin/env python3
"""100 steps of fine-tuning, again and again, with one thread and with two: the same bits each time, in each dtype."""
import hashlib
import sys

from fault_support import Place, arguments


def main():
    options = arguments(__doc__, repeats=(20, "runs of each dtype and number of threads"))
    failed = False
    with Place(options) as place:
        for dtype in ("float32", "mixed_bfloat16", "mixed_float16"):
            digests = set()
            for repeat in range(options.repeats):
                for threads in (1, 2):
                    output = place.path / "run"
                    # 300 sentences in batches of 9 and three epochs: 102 steps
                    place.finetune(output, "--epochs", "3", "--batch-size", "9", "--dtype", dtype, "--threads", threads, check=True)
                    digests.add(hashlib.sha256((output / "model.weights.h5").read_bytes()).hexdigest())
            failed = failed or len(digests) != 1
            print(f"reached: {dtype}: {2 * options.repeats} runs of 102 steps on one and two threads, {len(digests)} different", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
