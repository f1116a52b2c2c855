#!/usr/bin/env python3
"""Compares Linnet's speed with other libraries' on this computer, and writes docs/benchmarks.md and its plots.

  tools/bench/compare.py                        everything; keep the computer idle meanwhile
  tools/bench/compare.py --rows infer-tiny-1x16,train-minilm-32x64
  tools/bench/compare.py --rows curve-batch --quick
  tools/bench/compare.py --isa avx2             both sides held to AVX2, a table of its own
  tools/bench/compare.py --list                 the names of rows and curves
  tools/bench/compare.py --report               writes the page anew from the figures that are there

The peers come from the Python package index, in pinned versions (tools/bench/requirements.txt), into
${XDG_CACHE_HOME:-~/.cache}/linnet/bench-venv, where they stay for the next run. Figures are kept in docs/benchmarks, a file for each
kind of processor (and another for avx2), row by row: an interrupted run loses one row, and --rows measures some again and keeps the others.
The page has a section for each file.
"""
import argparse
import datetime
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import report
import runs
from rows import CURVES, ROWS

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUIREMENTS = pathlib.Path(__file__).resolve().with_name("requirements.txt")
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "linnet"
FEATURES = ["fma", "avx2", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16", "avx_vnni", "amx_bf16", "amx_int8"]
HELD = "_held_to_avx2"  # ends the names of figures that were
FILES_OF_SST2 = ("train.tsv", "dev.tsv")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="names with commas (see --list); the default is all of them")
    parser.add_argument("--quick", action="store_true", help="a short run of each side, once: a first impression")
    parser.add_argument("--isa", default="", choices=["", "avx2"], help="hold both sides to these instructions")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bin/linnet")
    parser.add_argument("--sst2", type=pathlib.Path, default=ROOT.parent / "shared/sst2", help="folder with train.tsv and dev.tsv")
    parser.add_argument("--vocab", type=pathlib.Path, default=ROOT.parent / "shared/fixtures/vocab/bert_en_uncased.txt")
    parser.add_argument("--docs", type=pathlib.Path, default=ROOT / "docs", help="where benchmarks.md goes")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page")
    return parser.parse_args()


def chosen(names):
    """(rows, curves) of a list with commas; all for an empty one."""
    known = {row.name: row for row in ROWS} | {f"curve-{curve.name}": curve for curve in CURVES}
    wanted = names.split(",") if names else list(known)
    if unknown := [name for name in wanted if name not in known]:
        sys.exit(f"--rows: must be among those of --list, got {', '.join(unknown)}")
    return [known[name] for name in wanted if known[name] in ROWS], [known[name] for name in wanted if known[name] in CURVES]


def python_of_peers():
    """A Python that has the pinned peers, installed unless they are there."""
    venv = CACHE / "bench-venv"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(f"{venv}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once share one environment
        marker = venv / "requirements.txt"
        if not marker.is_file() or marker.read_bytes() != REQUIREMENTS.read_bytes():
            print(f"installing the peers into {venv}", flush=True)
            shutil.rmtree(venv, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            subprocess.run([venv / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS], check=True)
            shutil.copy(REQUIREMENTS, marker)  # last: an environment without it is not whole
    return venv / "bin/python"


def machine():
    """What of the computer matters for speed."""
    facts = dict(re.findall(r"^([^:]+):\s+(.*)$", subprocess.run(["lscpu"], check=True, capture_output=True, text=True).stdout, re.MULTILINE))
    flags = facts.get("Flags", "").split()
    return {"processor": facts.get("Model name", "an unnamed processor"), "cores": os.cpu_count(), "features": [name for name in FEATURES if name in flags],
            "l2": facts.get("L2 cache", "unknown"), "l3": facts.get("L3 cache", "unknown")}


def file_of(folder, facts, isa):
    """Where figures of such a computer are kept: its processor's name and newest instructions, which a virtual machine's name leaves open."""
    words = re.findall("[a-z0-9]+", re.sub(r"\(\w+\)", "", facts["processor"]).lower()) + facts["features"][-1:]
    return folder / f"results_{'-'.join(words)}{HELD if isa else ''}.json"


def version_of_linnet():
    text = (ROOT / "CMakeLists.txt").read_text()
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return re.search(r"project\(\s*linnet\s+VERSION\s+([\d.]+)", text)[1] + (f" ({commit})" if commit else "")


def load(file):
    return json.loads(file.read_text()) if file.is_file() else {"rows": {}, "curves": {}}


def all_results(folder):
    """(name, figures, the same held to AVX2) of each computer, the newest first; what was not measured has no rows."""
    names = {file.stem.removeprefix("results_").removesuffix(HELD) for file in folder.glob("results_*.json")}
    found = [(name, load(folder / f"results_{name}.json"), load(folder / f"results_{name}{HELD}.json")) for name in sorted(names)]
    return sorted(found, key=lambda each: max(kept.get("date", "") for kept in each[1:]), reverse=True)



def save(file, kept):
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(kept, indent=1) + "\n")
    part.replace(file)


def measure(args, rows, curves):
    for needed in [args.program, args.vocab, *(args.sst2 / name for name in FILES_OF_SST2)]:
        if not needed.is_file():
            sys.exit(f"compare.py: {needed} must exist (build the program first; --program, --sst2 and --vocab name other places)")
    models = CACHE / "bench-models"
    models.mkdir(parents=True, exist_ok=True)
    sides = runs.Sides(args.program, python_of_peers(), {"sst2": args.sst2, "vocabulary": args.vocab}, models, args.threads, 0.5 if args.quick else 2, args.isa)
    facts = machine()
    file = file_of(args.docs / "benchmarks", facts, args.isa)
    kept = load(file)
    kept |= {"date": datetime.date.today().isoformat(), "machine": facts, "threads": args.threads, "linnet": version_of_linnet(),
             "versions": ", ".join(REQUIREMENTS.read_text().replace("==", " ").split("\n")[:-1])}

    def run(side, arguments):
        found = sides.run(side, arguments)
        print("  " + json.dumps({"peer": side, **{name: value for figures in found[-1:] for name, value in figures.items()}}), flush=True)
        return found

    began = time.monotonic()
    for row in rows:
        print(f"{row.name} ({time.monotonic() - began:.0f} s)", flush=True)
        same = next((done for done in rows[:rows.index(row)] if done.arguments == row.arguments), None)  # another figure of the same runs
        kept["rows"][row.name] = (kept["rows"][same.name] if same else
                                  runs.measure(row, run, 1 if args.quick or row.once else runs.MOST_ROUNDS))
        save(file, kept)
        print(f"{row.title}: " + ", ".join(text for text in report.verdict(row, kept["rows"][row.name], 0.95 if args.isa else None) if text), flush=True)
    for curve in curves:
        print(f"curve-{curve.name} ({time.monotonic() - began:.0f} s)", flush=True)
        kept["curves"][curve.name] = runs.measure_curve(curve, run, 1 if args.quick else 3)
        save(file, kept)
    print(f"{time.monotonic() - began:.0f} s in all")


def main():
    args = parse_arguments()
    rows, curves = chosen(args.rows)
    if args.list:
        print("\n".join([f"{row.name:24} {row.title}" for row in rows] + [f"curve-{curve.name:18} {curve.title}" for curve in curves]))
        return
    if not args.report:
        measure(args, rows, [] if args.isa else curves)
    if found := all_results(args.docs / "benchmarks"):
        report.write(args.docs, found)


if __name__ == "__main__":
    main()
