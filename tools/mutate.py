#!/usr/bin/env python3
"""Flips operators, constants and conditions in ops, optimizers and autograd, one at a time, and counts how many flips the tests notice.

  mutate.py [BUILD_DIR] [--sample N] [--seed S] [--only TEXT] [--list]

A mutant is one changed source, compiled with the build's own command and linked into a shared library of its own, which the tests then
load: neither the tree nor the build is touched. It is caught when a check fails, the program ends, or a suite takes three times the
processor time that it takes unchanged; what does not compile is not counted. Survivors are listed. --sample draws so many mutants (200;
0: all), the same for the same seed and sources; --only takes those of files or lines with that text; --list prints them and runs nothing.
Ends with a line `reached: N of M mutants caught (P %)`; fails below 85 %.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import random
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = ["framework/ops", "framework/optim", "framework/autograd"]
WANTED = 85
MEMORY = 8 << 30  # a flipped size must not take the machine down
ASLEEP = 1200     # seconds after which a test that uses no processor is given up
# What is tried on a folder's mutants first; then the golden tests, then the suites of REST, in folders of tests/: who looks at numbers.
SUITES = {
    "ops": "op_cases",
    "optim": "optimizer,optimizer_golden,adam,schedules,loss_scale_optimizer",
    "autograd": "tape,gradcheck,checkpoint",
}
REST = ["autograd", "config", "core", "kernels", "layers", "models", "ops", "optim", "train"]
SLOW = {"gemm", "parallel"}  # both of kernels and threads below any op
SWAPS = [(r"(?<=[\w)\]]) \+ (?=[\w(])", " - "), (r"(?<=[\w)\]]) - (?=[\w(])", " + "), (r"(?<=[\w)\]]) \* (?=[\w(])", " / "),
         (r"(?<=[\w)\]]) / (?=[\w(])", " * "), (r" % (?=[\w(])", " / "), (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
         (r" == ", " != "), (r" != ", " == "), (r" && ", " || "), (r" \|\| ", " && "), (r" \+= ", " -= "), (r" -= ", " += "), (r" \*= ", " /= "),
         (r" /= ", " *= "), (r"\+\+(?=\w)", "--"), (r"(?<=[(,=?:] )-(?=[\w(])", ""), (r"(?<=return )-(?=[\w(])", ""), (r"\btrue\b", "false"),
         (r"\bfalse\b", "true"), (r"\bstd::max\b", "std::min"), (r"\bstd::min\b", "std::max"), (r"(?<=\bif \()(?=[\w!(])", "!("),
         (r"(?<![\w.'])0(?![\w.'x])", "1"), (r"(?<![\w.'])1(?![\w.'])", "2"), (r"(?<![\w.'])2(?![\w.'])", "3"),
         (r"(?<![\w.'])(0\.5|1\.0|1e-7|0x1p32)(?![\w.'])", "0.25"), (r" \? ", None)]


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    column: int
    before: str
    after: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.before.strip()}\n{'':12}-> {self.after.strip()}"


def code_of(line):
    """The line with its comment and texts blanked: equal length."""
    blank = lambda match: '"' + " " * (len(match[0]) - 2) + '"'
    line = re.sub(r'"(?:[^"\\]|\\.)*"', blank, line)
    return re.sub(r"//.*", lambda match: " " * len(match[0]), line)


def closing(text, start):
    """Where the parenthesis that is open before `start` closes; None if not on this line."""
    depth = 1
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return None


def mutants_of(file):
    for number, line in enumerate((ROOT / file).read_text().splitlines(), 1):
        code = code_of(line)
        if re.match(r"\s*(#|template\b|using\b|namespace\b|static_assert\b|LINNET_|//)", code) or not code.strip():
            continue
        for pattern, swap in SWAPS:
            for match in re.finditer(pattern, code):
                begin, end = match.span()
                if swap == "!(":  # if (x) -> if (!(x))
                    close = closing(code, begin)
                    if close is None or ";" in code[begin:close] or "constexpr" in code[:begin]:
                        continue
                    after = f"{line[:begin]}!({line[begin:close]}){line[close:]}"
                elif swap is None:  # a ? b : c -> a && false ? b : c
                    after = f"{line[:begin]} && false{line[begin:]}"
                else:
                    after = line[:begin] + swap + line[end:]
                yield Mutant(file, number, begin, line, after)


def cpu_seconds():
    """Of all children so far: a busy machine must not look like a test that hangs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Laboratory:
    """Builds mutants and runs tests on them, in a directory of its own."""

    def __init__(self, build, folder):
        self.build, self.folder = build, pathlib.Path(folder)
        self.commands = {pathlib.Path(entry["file"]).resolve(): entry for entry in json.loads((build / "compile_commands.json").read_text())}
        library = next(path for path in (build / "lib").glob("liblinnet.so.*.*.*"))
        lines = subprocess.run(["ninja", "-C", build, "-t", "commands", f"lib/{library.name}"], check=True, capture_output=True, text=True).stdout
        line = next(line for line in lines.splitlines() if f"-o lib/{library.name}" in line)
        self.link = shlex.split(line.removeprefix(": && ").split(" && ")[0])
        self.output = f"lib/{library.name}"
        (self.folder / "lib").mkdir()
        (self.folder / "lib" / re.sub(r"(\.so\.\d+).*", r"\1", library.name)).symlink_to(library.name)
        self.environment = {**os.environ, "LD_LIBRARY_PATH": str(self.folder / "lib")}
        for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "LINNET_ISA", "LINNET_BLAS", "LINNET_PARITY"):
            self.environment.pop(name, None)
        self.seconds = {}

    def make(self, mutant=None):
        """False if the compiler refuses it."""
        replaced = {}
        if mutant:
            source = ROOT / mutant.file
            lines = source.read_text().splitlines()
            lines[mutant.line - 1] = mutant.after
            changed = self.folder / "mutant.cpp"
            changed.write_text("\n".join(lines) + "\n")
            words = shlex.split(self.commands[source.resolve()]["command"])
            if pathlib.Path(words[0]).name == "ccache":
                words = words[1:]
            original = words[words.index("-o") + 1]
            words[words.index("-o") + 1] = str(self.folder / "mutant.o")
            words[words.index(str(source))] = str(changed)
            # A mutant may leave a variable without use.
            compiled = subprocess.run([*words, "-Wno-error", "-w", "-O1"], cwd=self.build, capture_output=True, text=True)
            if compiled.returncode:
                return False
            replaced[original] = str(self.folder / "mutant.o")
        link = [replaced.get(word, word) for word in self.link]
        link[link.index(self.output)] = str(self.folder / self.output)
        subprocess.run(link, cwd=self.build, check=True)
        return True

    def passes(self, program, suites, limit=None):
        """Ends at the first check that fails."""
        words = [self.build / "bin" / program, "--catch_system_errors=no", "--color_output=no", "--log_level=error", "--report_level=no"]
        before = cpu_seconds()

        def limited():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if limit:
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

        with subprocess.Popen(words + ([f"--run_test={suites}"] if suites else []), env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self.folder, preexec_fn=limited) as run:
            alarm = threading.Timer(ASLEEP, run.kill)
            alarm.start()
            failed = any(re.search(r"\berror: in ", line) for line in run.stdout)
            if failed:
                run.kill()
            run.wait()
            alarm.cancel()
        self.seconds[program, suites] = cpu_seconds() - before
        return not failed and run.returncode == 0


def steps_for(mutant):
    """(program, suites) in the order in which they are tried."""
    first = SUITES[mutant.file.split("/")[1]]
    named = set(first.split(",")) | SLOW
    files = sorted(path for folder in REST for path in (ROOT / "tests" / folder).rglob("*_test.cpp"))
    rest = [name for name in (path.stem.removesuffix("_test") for path in files) if name not in named]
    return [("linnet_unit_tests", first), ("linnet_golden_tests", None), ("linnet_unit_tests", ",".join(rest))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", default=ROOT / "build/release", type=pathlib.Path)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    sources = sorted(path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).glob("*.cpp"))
    mutants = [mutant for file in sources for mutant in mutants_of(file) if arguments.only in f"{mutant.file}:{mutant.line}:{mutant.before}"]
    total = len(mutants)
    if arguments.sample and arguments.sample < total:
        mutants = random.Random(arguments.seed).sample(mutants, arguments.sample)
    print(f"{len(mutants)} of {total} mutants in {len(sources)} files, seed {arguments.seed}", flush=True)
    if arguments.list:
        print("\n".join(str(mutant) for mutant in mutants))
        return 0
    survivors, compiled = [], 0
    with tempfile.TemporaryDirectory() as folder:
        laboratory = Laboratory(arguments.build.resolve(), folder)
        laboratory.make()
        for program, group in dict.fromkeys(step for mutant in mutants for step in steps_for(mutant)):
            if not laboratory.passes(program, group):
                sys.exit(f"mutate: {program} --run_test={group} fails without any mutant")
        limits = {step: 10 + int(3 * seconds) for step, seconds in laboratory.seconds.items()}
        for count, mutant in enumerate(mutants, 1):
            start, fate = time.monotonic(), "survived"
            if not laboratory.make(mutant):
                fate = "not compiled"
            else:
                compiled += 1
                for step in steps_for(mutant):
                    if not laboratory.passes(*step, limits[step]):
                        fate = f"caught by {step[0]} {(step[1] or '').split(',')[0]}"
                        break
            if fate == "survived":
                survivors.append(mutant)
            print(f"[{count}/{len(mutants)}] {fate} ({time.monotonic() - start:.0f} s) {mutant}", flush=True)
    caught = compiled - len(survivors)
    if survivors:
        print("survivors:\n" + "\n".join(str(mutant) for mutant in survivors))
    print(f"reached: {caught} of {compiled} mutants caught ({100 * caught / max(compiled, 1):.1f} %), {len(mutants) - compiled} did not compile")
    return 100 * caught < WANTED * compiled


if __name__ == "__main__":
    sys.exit(main())
