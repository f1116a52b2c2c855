#!/usr/bin/env python3
"""Fine-tuning runs that are killed at random moments and resumed: each restart must go on from where the last checkpoint is, and each
run must end with the very weights of a run that nobody disturbed. Kills by SIGKILL, then by SIGTERM, which must find a run that saves
and ends with 75."""
import hashlib
import random
import re
import signal
import subprocess
import sys
import time

from fault_support import Place, arguments

INTERRUPTED = 75


def digest(output):
    return hashlib.sha256((output / "model.weights.h5").read_bytes()).hexdigest()


class Killer:
    def __init__(self, place, epochs, seed):
        self.place, self.random = place, random.Random(seed)
        self.flags = ["--epochs", str(epochs), "--checkpoint-every", "3", "--evaluate-every", "10", "--resume"]
        begin = time.monotonic()
        place.finetune(place.path / "undisturbed", *self.flags, check=True)
        self.seconds = time.monotonic() - begin
        self.expected = digest(place.path / "undisturbed")

    def run(self, number, name, kills):
        """One run with so many kills at most; returns how many there were, and what went wrong."""
        output = self.place.path / f"{name}-{number}"
        reached, done = 0, 0
        while True:
            command = self.place.recipe(output, *self.flags, "--threads", str(1 + self.random.randrange(2)))
            process = subprocess.Popen([self.place.linnet, *map(str, command)], env=self.place.environment(None), stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            if done < kills:
                try:
                    process.wait(timeout=self.random.uniform(0, 2.5 * self.seconds / kills))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL if name == "KILL" else signal.SIGTERM)
            _, errors = process.communicate(timeout=120)
            begin = re.search(r"goes on after step (\d+)", errors)
            if begin and int(begin[1]) < reached:
                return done, f"step {reached} was saved, but the next run began after {begin[1]}"
            reached = max(reached, int(begin[1]) if begin else 0)
            if process.returncode == 0:
                break
            done += 1
            saved = re.search(r"stopped after step (\d+) and saved", errors)
            if process.returncode == INTERRUPTED and saved:
                reached = int(saved[1])
            elif process.returncode != (-signal.SIGKILL if name == "KILL" else -signal.SIGTERM):
                return done, f"ended with {process.returncode}: {errors}"
            if "passed over" in errors:
                return done, f"a checkpoint was damaged: {errors}"
        if digest(output) != self.expected:
            return done, "other weights than the undisturbed run's"
        left = [path.name for path in output.rglob("*.partial")]
        return done, f"{left} were left" if left else None


def main():
    options = arguments(__doc__, kills=(1000, "kills of each kind"), runs=(50, "runs of each kind"), seed=(1, "of the moments"), epochs=(20, "of a run"))
    failed = False
    with Place(options) as place:
        killer = Killer(place, options.epochs, options.seed)
        for name in ("KILL", "TERM"):
            kills = good_kills = runs = good_runs = 0
            while kills < options.kills or runs < options.runs:
                done, wrong = killer.run(runs, name, max(1, -(-options.kills // options.runs)))
                runs, kills = runs + 1, kills + done
                good_runs, good_kills = good_runs + (not wrong), good_kills + done - bool(wrong and done)
                if wrong:
                    print(f"run {runs} of SIG{name}: {wrong}", flush=True)
            print(f"reached: SIG{name}: {good_kills} of {kills} restarts continued, {good_runs} of {runs} runs bit-identical", flush=True)
            failed = failed or good_runs < runs
    sys.exit(failed)


if __name__ == "__main__":
    main()
