"""What compare.py measures: the rows of its table and the curves of its plots."""
import dataclasses

ALL = ("torch", "ort", "openvino", "keras-jax")
NAMES = {"linnet": "Linnet", "torch": "PyTorch", "ort": "ONNX Runtime", "openvino": "OpenVINO", "keras-jax": "KerasHub (JAX)"}


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the table: one case that Linnet and its peers run with the same arguments."""
    name: str
    title: str
    arguments: str             # of `linnet bench` and of peers.py
    peers: tuple
    goal: float                # see `kind`
    kind: str = "faster"       # than the best peer by `goal`; "smaller": at most `goal` of it; "most": at most `goal` itself
    key: str = "min_ms"        # the figure that is compared: of all, the smaller is the better
    shown: str = "min_ms"      # the figure that the table shows
    unit: str = "ms"
    level: float = 0.0         # so much below the goal still counts as level
    share_of_gemm: float = 0   # least share of the best large matrix product, measured in the same run
    once: bool = False         # runs long enough for one to tell


def encoder(name, title, arguments, peers, goal, **more):
    return Row(name, title, "encoder " + arguments, peers, goal, shown="gflops", unit="GFLOP/s", **more)


def sst2(name, title, arguments, peers, goal, **more):
    return Row(name, title, "sst2 --sst2 {sst2} --vocab {vocabulary} " + arguments, peers, goal, shown="sentences_per_second", unit="sentences/s", **more)


ROWS = [
    Row("infer-tiny-1x16", "infer fp32 tiny 1x16", "encoder --model tiny --shapes 1x16", ALL, 1.2),
    Row("infer-minilm-1x16", "infer fp32 minilm 1x16", "encoder --model minilm --shapes 1x16", ALL, 1.2),
    encoder("infer-minilm-32x128", "infer fp32 minilm 32x128", "--model minilm --shapes 32x128", ALL, 1.0, level=0.03),
    encoder("infer-base-1x128", "infer fp32 base 1x128", "--model base --shapes 1x128", ALL, 1.0, level=0.03),
    encoder("infer-base-32x128", "infer fp32 base 32x128", "--model base --shapes 32x128", ALL, 1.0, level=0.03, share_of_gemm=0.88),
    encoder("infer-bf16-base-32x128", "infer bf16 base 32x128", "--model base --shapes 32x128 --dtype bfloat16", ("torch", "openvino"), 1.2),
    encoder("infer-int8-base-32x128", "infer int8 base 32x128", "--model base --shapes 32x128 --dtype int8", ("ort",), 1.2),
    encoder("train-minilm-32x64", "train fp32 minilm 32x64", "--model minilm --shapes 32x64 --task train", ("torch", "keras-jax"), 1.7),
    encoder("train-base-32x64", "train fp32 base 32x64", "--model base --shapes 32x64 --task train", ("torch", "keras-jax"), 1.4, share_of_gemm=0.75),
    encoder("train-bf16-minilm-32x64", "train mixed bf16 minilm 32x64", "--model minilm --shapes 32x64 --task train --dtype bfloat16", ("torch",), 1.3),
    sst2("sst2-sorted", "SST-2 dev, minilm fp32, sorted by length", "--passes 1 --order sorted", ALL, 1.4),
    sst2("sst2-file", "SST-2 dev, minilm fp32, in the file's order", "--passes 1 --order file", ("torch", "ort", "openvino"), 2.1),
    sst2("sst2-bf16", "SST-2 dev, minilm bf16, sorted", "--passes 1 --dtype bfloat16", ("torch",), 1.5),
    sst2("sst2-int8", "SST-2 dev, minilm int8, sorted", "--passes 1 --dtype int8", ("ort",), 2.0),
    sst2("sst2-train-minilm", "SST-2 training pass, minilm, 1,600 phrases", "--task train --passes 1 --limit 1600", ("torch", "keras-jax"), 4.0),
    sst2("sst2-train-tiny", "SST-2 training pass, tiny, 3,200 phrases", "--model tiny --task train --passes 1 --limit 3200", ("torch", "keras-jax"), 6.0),
    sst2("sst2-epoch-tiny", "SST-2 whole epoch, tiny", "--model tiny --task train --passes 1", ("torch",), 6.0, once=True),
    sst2("sst2-epoch-minilm", "SST-2 whole epoch, minilm", "--task train --passes 1", ("torch",), 4.0, once=True),
    sst2("sst2-epoch-buckets", "SST-2 whole epoch, minilm, PyTorch in buckets of like length", "--task train --passes 1 {buckets}", ("torch",), 2.5, once=True),
    Row("start", "start to first answer, minilm", "start", ("torch", "ort", "keras-jax"), 2.0, key="wall_ms", shown="wall_ms"),
    Row("start-memory", "peak memory of that", "start", ("torch", "ort", "keras-jax"), 0.6, "smaller", "peak_rss_mb", "peak_rss_mb", "MB"),
    Row("installed", "installed size", "installed", ALL, 10, "most", "installed_mb", "installed_mb", "MB", once=True),
]


@dataclasses.dataclass(frozen=True)
class Curve:
    """A plot of time per token against one extent; a point is (where it stands, arguments of its run, tokens of its batch)."""
    name: str
    title: str
    axis: str
    peers: tuple
    points: tuple
    logarithmic: bool = True


def shape_points(arguments, shapes):
    """Points that one run measures, with where each stands on the axis."""
    return tuple((x, f"encoder {arguments}", shape) for x, shape in shapes)


INFERENCE = ("torch", "ort", "openvino")
CURVES = [
    Curve("batch", "MiniLM, 64 tokens a sentence", "sentences a batch", INFERENCE,
          shape_points("--model minilm", [(n, f"{n}x64") for n in (1, 2, 4, 8, 16, 32, 64)])),
    Curve("length", "MiniLM, 8 sentences a batch", "tokens a sentence", INFERENCE,
          shape_points("--model minilm", [(n, f"8x{n}") for n in (16, 32, 64, 128, 256, 512)])),
    Curve("model", "8 sentences of 64 tokens", "millions of weights in the encoder", INFERENCE,
          tuple((x, f"encoder --model {model}", "8x64") for x, model in ((0.4, "tiny"), (10.6, "minilm"), (85.1, "base")))),
    Curve("threads", "MiniLM, 8 sentences of 64 tokens", "threads", INFERENCE,
          tuple((n, f"encoder --model minilm --threads {n}", "8x64") for n in (1, 2)), logarithmic=False),
    Curve("vocabulary", "training tiny, 32 sentences of 16 tokens", "rows of the embedding table", ("torch", "keras-jax"),
          tuple((n, f"encoder --model tiny --task train --vocabulary {n}", "32x16") for n in (1000, 8000, 30522, 120000))),
]
