"""What the fault tests share: where the programs are, tiny data, running with faults let in."""
import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile

KEPT = ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR")


class Place:
    """A temporary directory with a tiny preset and sentences, and the programs to use them with."""

    def __init__(self, arguments):
        self.linnet, self.scenario, self.faults = arguments.linnet, arguments.scenario, arguments.faults
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="linnet-fault-"))
        self.path.chmod(0o755)

    def __enter__(self):
        self.run(self.scenario, "make", self.path, check=True)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def environment(self, faults):
        environment = {name: value for name, value in os.environ.items() if name in KEPT}
        if faults:
            environment |= {"LD_PRELOAD": self.faults} | {f"FAULT_{name.upper()}": str(value) for name, value in faults.items()}
        return environment

    def run(self, program, *arguments, check=False, faults=None, timeout=120, **options):
        """Code, standard output, standard error."""
        done = subprocess.run([program, *map(str, arguments)], env=self.environment(faults), capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, **options)
        if check and done.returncode != 0:
            raise SystemExit(f"{program} {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")
        return done

    def recipe(self, output, *more):
        """A fine-tuning run of about a second."""
        usual = {"--preset": self.path / "preset", "--train": self.path / "train.tsv", "--dev": self.path / "dev.tsv", "--output": output,
                 "--batch-size": 10, "--learning-rate": 0.003}
        return ["finetune", *(word for flag, value in usual.items() if flag not in more for word in (flag, value)), *more]

    def finetune(self, output, *more, **options):
        return self.run(self.linnet, *self.recipe(output, *more), **options)


def arguments(description, **more):
    """The command line: where the programs are, and integers with their defaults."""
    parser = argparse.ArgumentParser(description=description)
    build = pathlib.Path(__file__).resolve().parents[2] / "build/release"
    parser.add_argument("--linnet", default=str(build / "bin/linnet"))
    parser.add_argument("--scenario", default=str(build / "bin/linnet_scenario"))
    parser.add_argument("--faults", default=str(build / "lib/liblinnet_faults.so"))
    for name, (default, text) in more.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{text} (default {default})")
    return parser.parse_args()
