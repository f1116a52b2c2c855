"""Runs one side of a comparison and reads its figures; repeats until they are stable."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
AGREE = 1.10     # the two best runs of a side may differ by so much
TEXT = "a warm, funny and beautifully acted film"  # what is asked first
CONTENDER = 1.25  # a peer slower than the best one by more is measured once
MOST_ROUNDS = 5

# What holds each side to AVX2. ONNX Runtime has no such switch.
AVX2 = {"LINNET_ISA": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "Haswell", "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2", "XLA_FLAGS": "--xla_cpu_max_isa=AVX2"}
ROOTS = {"torch": ["torch", "transformers"], "ort": ["onnxruntime", "tokenizers"], "openvino": ["openvino", "tokenizers"], "keras-jax": ["keras-hub", "jax"]}
SIZE_OF_PACKAGES = """
import importlib.metadata as metadata, os, re, sys
names, seen, size = sys.argv[1:], set(), 0
while names:
    name = re.sub("[-_.]+", "-", names.pop()).lower()
    if name in seen or re.match("nvidia|cuda|triton", name):  # what a computer without a GPU can leave out
        continue
    seen.add(name)
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        continue
    size += sum(os.path.getsize(path) for path in {os.path.realpath(file.locate()) for file in package.files or []} if os.path.exists(path))
    names += [re.match(r"[\\w.-]+", need)[0] for need in package.requires or [] if "extra ==" not in need]
print(size)
"""


def environment(isa):
    """Without what machine images set for OpenBLAS, and held to `isa` if it is "avx2"."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENBLAS_", "LINNET_ISA", "LINNET_BLAS"))}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "TOKENIZERS_PARALLELISM": "true", "HF_HUB_OFFLINE": "1", **(AVX2 if isa == "avx2" else {})}


class Sides:
    """Linnet and its peers on this machine. program: linnet; python: one that has the peers; files: {sst2}, {vocabulary}, …"""

    def __init__(self, program, python, files, models, threads, seconds, isa=""):
        self.program, self.python, self.files, self.models = program, python, files, models
        self.threads, self.seconds, self.environment = threads, seconds, environment(isa)

    def command(self, side, arguments):
        """The command line of a run; `gemm` is a side of its own."""
        if side == "gemm":
            return [self.program, "bench", "gemm", "--threads", str(self.threads), "--seconds", str(self.seconds / 4)]
        if arguments == "start":
            if side == "linnet":
                return [self.program, "predict", "--preset", self.saved("keras-jax"), "--json", "--threads", str(self.threads), TEXT]
            return [self.python, HERE / "peers.py", side, "start", "--saved", self.saved(side), "--text", TEXT, "--threads", str(self.threads)]
        words = arguments.format(**self.files, buckets="" if side == "linnet" else "--buckets").split()
        words += [] if "--threads" in words else ["--threads", str(self.threads)]
        words += ["--seconds", str(self.seconds)] if words[0] == "encoder" and "--seconds" not in words else []
        return [self.program, "bench", *words] if side == "linnet" else [self.python, HERE / "peers.py", side, *words, "--exported", self.models]

    def saved(self, side):
        """The folder of a saved model, which the peer writes once."""
        folder = pathlib.Path(self.models) / f"start_{side}"
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=self.models) as part:
                self.lines([self.python, HERE / "peers.py", side, "save", "--saved", f"{part}/model", "--vocab", self.files["vocabulary"]])
                os.rename(f"{part}/model", folder)  # whole or not at all
        return folder

    def lines(self, command):
        """The figures that a command prints, a JSON object a line; wall_ms is the time to the line since the command began. A program that
        answers, and says what memory it took, has that as peak_rss_mb."""
        began, found = time.perf_counter(), []
        with tempfile.TemporaryFile("w+") as errors:
            with subprocess.Popen([str(word) for word in command], env=self.environment, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
                for line in process.stdout:
                    if line.startswith("{"):
                        found.append({**json.loads(line), "wall_ms": round((time.perf_counter() - began) * 1e3, 1)})
            errors.seek(0)
            said = errors.read()
            if process.returncode:
                raise RuntimeError(f"{' '.join(map(str, command))}: must end well, got status {process.returncode}\n{said[-2000:]}")
        if memory := re.search(r"peak memory (\d+) MB", said):
            found[-1].setdefault("peak_rss_mb", int(memory[1]))
        return found

    def run(self, side, arguments):
        if arguments == "installed":
            return [{"installed_mb": round(self.installed(side) / 1e6, 1)}]
        return self.lines(self.command(side, arguments))

    def installed(self, side):
        """Bytes on the disk: of an installed Linnet without its debugging symbols, of a peer's packages and all that they need."""
        if side != "linnet":
            return int(subprocess.run([self.python, "-c", SIZE_OF_PACKAGES, *ROOTS[side]], check=True, capture_output=True, text=True).stdout)
        build = pathlib.Path(self.program).resolve().parents[1]
        with tempfile.TemporaryDirectory() as prefix:
            subprocess.run(["cmake", "--install", build, "--prefix", prefix, "--strip"], check=True, capture_output=True)
            return sum(file.lstat().st_size for file in pathlib.Path(prefix).rglob("*") if file.is_file() and not file.is_symlink())


def agree(values):
    """Two runs were equally good, so the least is no accident."""
    best = sorted(values)[:2]
    return len(best) == 2 and best[1] <= best[0] * AGREE


def contenders(runs, key):
    """The sides to measure again: Linnet, the product alone, and the peers that may be the best."""
    least = {side: min(run[key] for run in found) for side, found in runs.items()}
    peers = [least[side] for side in runs if side not in ("linnet", "gemm")]
    return [side for side in runs if side in ("linnet", "gemm") or least[side] <= CONTENDER * min(peers)]


def measure(row, run, rounds=MOST_ROUNDS):
    """{side: its figures in the best run, with "runs": all values of row.key}. The sides take turns: A B A B, until the two best
    runs of each agree. run(side, arguments) gives a list of figures, of which the last counts; of `gemm`, the fastest."""
    sides = ["linnet", *row.peers, *(["gemm"] if row.share_of_gemm else [])]
    runs = {side: [] for side in sides}
    for number in range(rounds):
        active = sides if number == 0 else contenders(runs, row.key)
        unsettled = [side for side in active if side != "gemm" and not agree([run[row.key] for run in runs[side]])]
        if not unsettled:
            break
        for side in active:
            found = run(side, row.arguments)
            runs[side].append(max(found, key=lambda figures: figures["gflops"]) if side == "gemm" else found[-1])
    best = {side: max(found, key=lambda figures: figures["gflops"]) if side == "gemm" else min(found, key=lambda figures: figures[row.key])
            for side, found in runs.items()}
    return {side: {**figures, "runs": [run[row.key] for run in runs[side]]} for side, figures in best.items()}


def measure_curve(curve, run, rounds=1):
    """{side: [[x, nanoseconds a token], …]}, each the least of `rounds`. Points of the same arguments are one run."""
    least = {}
    for _ in range(rounds):
        for arguments in dict.fromkeys(point[1] for point in curve.points):
            shapes = [(x, shape) for x, of, shape in curve.points if of == arguments]
            for side in ("linnet", *curve.peers):
                for (x, shape), figures in zip(shapes, run(side, f"{arguments} --seconds 0.4 --shapes {','.join(shape for _, shape in shapes)}"), strict=True):
                    batch, length = map(int, shape.split("x"))
                    each = figures["min_ms"] * 1e6 / (batch * length)
                    least[side, x] = min(each, least.get((side, x), each))
    return {side: [[x, round(least[side, x], 1)] for x, *_ in curve.points] for side in ("linnet", *curve.peers)}
