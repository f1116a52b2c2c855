#!/usr/bin/env python3
"""One process saves, another one loads, again and again: the loader sees what was saved before or after, never a mix."""
import subprocess
import sys

from fault_support import Place, arguments


def main():
    options = arguments(__doc__, rounds=(10000, "saves of each kind of file"))
    wrong = 0
    with Place(options) as place:
        for kind in ("weights", "shards", "safetensors", "export", "text"):
            place.run(place.scenario, "save", kind, place.path, 0, check=True)
            rounds = options.rounds if kind != "text" else min(options.rounds, 25)  # letters begin anew after z
            saver = subprocess.Popen([place.scenario, "saves", kind, place.path, str(rounds)], stderr=subprocess.PIPE, text=True)
            loader = place.run(place.scenario, "loads", kind, place.path, rounds, timeout=7200)
            _, errors = saver.communicate()
            wrong += saver.returncode != 0 or loader.returncode != 0
            print(f"reached: {kind}: {rounds} saves, {loader.stdout.strip()} loads beside them, old or new each time" if loader.returncode == 0
                  else f"wrong: {kind}: {loader.stderr}{errors}", flush=True)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
