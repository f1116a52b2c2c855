"""What the interop scripts share: real Keras, Linnet's driver, comparing files."""
import os
import pathlib
import subprocess
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import h5py
    import keras_hub
    import numpy as np
except ImportError as error:
    if "LINNET_INTEROP_PYTHON" in os.environ:
        raise
    print(f"skipped: {pathlib.Path(sys.argv[0]).name}: {error} (run tools/interop.sh)")
    sys.exit(0)

TOLERANCE = 2e-5
SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared"
WORDS = "the a film movie plot was is not very good bad great dull and but of in it this story acting what why".split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "##s", "##ly", "##ing", *"bcdefghijklmnopqrstuvwxyz", ".", ",", "!", "?"]
TEXTS = ["The movie was great!", "a bad plot, not very good.", "why is this film dull?", "", "it was very, very, very good and the story is great",
         "unknown-words here: zyx", "acting"]


def linnet(*arguments):
    """Runs the driver that was built for this, the script's first argument."""
    done = subprocess.run([sys.argv[1], *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"linnet_interop {' '.join(map(str, arguments))}: {done.stderr}")


def write_lines(file, lines):
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return file


def datasets(file):
    """Every dataset of an .h5 file by path."""
    found = {}
    with h5py.File(file) as h5:
        h5.visititems(lambda path, item: found.__setitem__(path, item[()]) if isinstance(item, h5py.Dataset) else None)
    return found


def objects(file):
    """Every group and dataset with its attributes; dropout and softmax layers in attention have automatic names."""
    found = {}
    with h5py.File(file) as h5:
        h5.visititems(lambda path, item: found.__setitem__(path, {key: str(value) for key, value in item.attrs.items()}))
    return found


def assert_close(what, expected, actual, tolerance=TOLERANCE):
    expected, actual = np.asarray(expected, "float64"), np.asarray(actual, "float64")
    assert expected.shape == actual.shape, f"{what}: shapes {expected.shape} and {actual.shape}"
    worst = np.abs(expected - actual).max()
    assert worst <= tolerance, f"{what}: differs by {worst}, at most {tolerance} is allowed"
    print(f"{what}: equal within {worst:.1e}")


def assert_same_arrays(what, expected, actual):
    expected, actual = datasets(expected), datasets(actual)
    assert expected.keys() == actual.keys(), f"{what}: paths {sorted(expected.keys() ^ actual.keys())}"
    for path, value in expected.items():
        assert value.dtype == actual[path].dtype and value.tobytes() == actual[path].tobytes(), f"{what}: {path} differs"
    print(f"{what}: {len(expected)} datasets equal, byte for byte")


def assert_same_files(what, expected, actual, names):
    for name in names:
        assert (expected / name).read_bytes() == (actual / name).read_bytes(), f"{what}: {name} differs"
    print(f"{what}: {', '.join(names)} equal, byte for byte")


def randomize(model, seed):
    """No weight may be trivial, or two that are swapped would not show."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(np.asarray(weight) + random.normal(0, 0.1, weight.shape).astype("float32"))
