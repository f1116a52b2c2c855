#!/usr/bin/env python3
"""Every system call of a save fails once, in each way that it can, and from then on for ever: what was saved before must be there, the
message must name a file and the system's reason, nothing half-written may stay, and the next save must succeed."""
import errno
import os
import shutil
import sys

from fault_support import Place, arguments

KINDS = ("checkpoint", "weights", "shards", "safetensors", "export", "text")
FAULTS = {"open": (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EINTR), "read": (errno.EIO, errno.EINTR, 0),
          "write": (errno.ENOSPC, errno.EIO, errno.EINTR, 0),
          "fsync": (errno.EIO, errno.ENOSPC, errno.EINTR), "close": (errno.EIO, errno.ENOSPC), "rename": (errno.EIO, errno.ENOSPC, errno.EINTR),
          "truncate": (errno.EIO, errno.ENOSPC), "mmap": (errno.ENOMEM,), "mkdir": (errno.ENOSPC,)}
HARMLESS = (errno.EINTR, 0)  # to be tried again: the save succeeds
PLAIN = ("safetensors", "export", "text")  # files that no library opens for us; HDF5 gives up where a signal interrupts open()


def saved(place, kind, directory):
    done = place.run(place.scenario, "load", kind, directory)
    return done.stdout.strip() if done.returncode == 0 else f"nothing ({done.stderr.strip()})"


def counts(place, arguments):
    log = place.path / "counts"
    log.unlink(missing_ok=True)
    place.run(place.scenario, *arguments, faults={"path": arguments[2], "log": log}, check=True)
    return {name: int(count) for name, count in (line.split() for line in log.read_text().splitlines())}


class Trial:
    def __init__(self, place, every):
        self.place, self.every, self.turn = place, every, 0
        self.tried, self.wrong, self.seen = 0, [], {}

    def has_turn(self):
        self.turn += 1
        return self.turn % self.every == 0

    def check(self, ok, what):
        if not ok:
            self.wrong.append(what)
            print(f"wrong: {what}", flush=True)

    def save(self, kind):
        """Faults in a save that replaces an older one."""
        old = self.place.path / f"old-{kind}"
        old.mkdir()
        for _ in range(2):  # the second save's shards are named as those of all later ones
            self.place.run(self.place.scenario, "save", kind, old, 1, check=True)
        copy = self.place.path / "copy"
        shutil.copytree(old, copy)
        seen = counts(self.place, ("save", kind, copy, 2))
        shutil.rmtree(copy)
        for call, codes in FAULTS.items():
            self.seen[call] = self.seen.get(call, 0) + seen[call]
            for number in range(1, seen[call] + 1):
                for code in codes:
                    for repeat in (0,) if code in HARMLESS else (0, 1):
                        if self.has_turn():
                            self.fault(kind, old, call, number, code, repeat)

    def fault(self, kind, old, call, number, code, repeat):
        self.tried += 1
        directory = self.place.path / "now"
        shutil.copytree(old, directory)
        done = self.place.run(self.place.scenario, "save", kind, directory, 2,
                              faults={"path": directory, "call": call, "number": number, "errno": code, "repeat": repeat})
        what = f"{kind}: {call} {number} {'and all after ' if repeat else ''}fails with {errno.errorcode.get(code, 'a short write')}"
        text = os.strerror(code)
        self.check(done.returncode in (0, 1), f"{what}: ended with {done.returncode}: {done.stderr}")
        if code in HARMLESS and (call != "open" or kind in PLAIN):
            self.check(done.returncode == 0, f"{what}: {done.stderr}")
        if done.returncode == 1:
            self.check(str(directory) in done.stderr, f"{what}: says {done.stderr!r}, and names no file")
            self.check(call == "read" or text in done.stderr, f"{what}: says {done.stderr!r}, not {text!r}")  # what cannot be read counts as damaged
        now = saved(self.place, kind, directory)
        self.check(now == "2" if done.returncode == 0 else now in "12", f"{what}: ended with {done.returncode}, and {now} is saved")
        left = [path.name for path in directory.rglob("*.partial")]
        self.check(not left, f"{what}: {left} are left")
        files = sum(1 for path in old.iterdir())
        if done.returncode == 1 and now == "1":
            self.check(sum(1 for path in directory.iterdir()) == files, f"{what}: {sorted(os.listdir(directory))} are left")
        self.place.run(self.place.scenario, "save", kind, directory, 3, check=True)
        self.check(sum(1 for path in directory.iterdir()) == files, f"{what}: {sorted(os.listdir(directory))} are there after the next save")
        self.check(saved(self.place, kind, directory) == "3", f"{what}: the next save")
        shutil.rmtree(directory)

    def load(self, kind):
        """Faults in a load: an error, never another number."""
        directory = self.place.path / f"old-{kind}"
        seen = counts(self.place, ("load", kind, directory))
        for call in ("open", "read", "mmap"):
            for number in range(1, seen[call] + 1):
                for code in filter(lambda _: self.has_turn(), FAULTS[call]):
                    self.tried += 1
                    done = self.place.run(self.place.scenario, "load", kind, directory,
                                          faults={"path": directory, "call": call, "number": number, "errno": code})
                    what = f"{kind}: loading, {call} {number} fails with {errno.errorcode.get(code)}: {done.returncode} {done.stdout}{done.stderr}"
                    self.check(code not in HARMLESS or done.returncode == 0 or (call == "open" and kind not in PLAIN), what)
                    self.check(done.returncode == 0 and done.stdout == "1\n" or done.returncode == 1 and str(directory) in done.stderr, what)


def main():
    options = arguments(__doc__, every=(1, "try every so manieth fault"))
    with Place(options) as place:
        trial = Trial(place, options.every)
        for kind in KINDS:
            trial.save(kind)
            trial.load(kind)
        calls = ", ".join(f"{count} {call}" for call, count in trial.seen.items() if count)
        print(f"reached: faults: {trial.tried} of them in saves and loads ({calls}), {len(trial.wrong)} wrong", flush=True)
    sys.exit(bool(trial.wrong))


if __name__ == "__main__":
    main()
