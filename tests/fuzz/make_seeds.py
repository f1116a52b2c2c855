#!/usr/bin/env python3
"""Writes the seed corpus of each fuzz target: small inputs of every form that its door knows.

    make_seeds.py DIRECTORY
"""
import gzip
import io
import json
import pathlib
import struct
import sys
import tarfile
import zipfile

BETWEEN = "\n%%\n"  # fuzz.h, parts_of


def joined(*parts):
    return BETWEEN.join(part if isinstance(part, str) else json.dumps(part) for part in parts).encode()


def safetensors(header, data=b""):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def safetensors_seeds():
    yield safetensors({})
    yield safetensors({"__metadata__": {"format": "pt"}, "a": entry("F32", [2, 2], 0, 16), "b": entry("I64", [], 16, 24)}, bytes(24))
    yield safetensors({name: entry(name, [4], i * 4, i * 4 + 4) for i, name in enumerate(["U8", "I8", "BOOL"])}, bytes(12))
    yield safetensors({"h": entry("F16", [1, 2], 0, 4), "b": entry("BF16", [2], 4, 8), "e": entry("F32", [0, 7], 8, 8)}, bytes(8))
    yield json.dumps({"metadata": {"total_size": 8}, "weight_map": {"a": "a.safetensors", "b": "a.safetensors"}}).encode()


def layer(class_name, **config):
    return {"class_name": class_name, "config": config}


def json_seeds():
    layers = [
        layer("Dense", units=2, input_dim=3, activation="relu", use_bias=False),
        layer("EinsumDense", equation="ab,bc->ac", input_shape=[2, 3], output_shape=[4], bias_axes="c"),
        layer("Embedding", input_dim=3, output_dim=2),
        layer("LayerNormalization", dim=4, epsilon=1e-5),
        layer("Dropout", rate=0.5),
        layer("MultiHeadAttention", num_heads=2, key_dim=2, query_dim=4),
        layer("TransformerEncoder", hidden_dim=4, intermediate_dim=8, num_heads=2, dropout=0.1),
        layer("BertBackbone", vocabulary_size=9, num_layers=1, num_heads=2, hidden_dim=4, intermediate_dim=8, max_sequence_length=6),
        layer("Sequential", layers=[json.dumps(layer("Dense", units=2, input_dim=3))]),
    ]
    for one in layers:
        yield json.dumps(one).encode()
    yield json.dumps(layers[0] | {"int8_layers": [""]}).encode()
    yield b'{"truth": true, "whole": 3, "real": 1.5, "text": "\\u00e9", "maybe_whole": null, "maybe_real": 2, "maybe_text": "x", "wholes": [1],' \
          b' "reals": [1.5e3], "texts": ["a"], "dtype": "mixed_bfloat16", "inner": {"depth": 1}}'
    yield b"[" * 65 + b"]" * 65
    yield b"[null, true, -1, 9223372036854775807, 1e308, \"\\ud83d\\ude00\"]"


VOCABULARY = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nfilm\n##s\n"
BACKBONE = {"vocabulary_size": 8, "num_layers": 1, "num_heads": 2, "hidden_dim": 4, "intermediate_dim": 8, "dropout": 0.1, "max_sequence_length": 16,
            "num_segments": 2, "name": "bert_backbone", "trainable": True}


def hub_object(name, config):
    return {"module": "keras_hub.src.models.bert", "class_name": name, "config": config, "registered_name": "keras_hub>" + name}


TOKENIZER = hub_object("BertTokenizer", {"vocabulary": None, "sequence_length": None, "lowercase": True, "strip_accents": False, "split": True,
                                         "suffix_indicator": "##", "oov_token": "[UNK]", "special_tokens": None, "special_tokens_in_strings": False})
PREPROCESSOR = hub_object("BertTextClassifierPreprocessor", {"tokenizer": TOKENIZER, "sequence_length": 8, "truncate": "round_robin"})
TASK = hub_object("BertTextClassifier", {"backbone": hub_object("BertBackbone", BACKBONE), "preprocessor": PREPROCESSOR, "num_classes": 2,
                                         "activation": None, "dropout": 0.1, "name": "bert_text_classifier"})
HUGGING_FACE = {"model_type": "bert", "vocab_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "hidden_size": 4, "intermediate_size": 8,
                "max_position_embeddings": 16, "type_vocab_size": 2, "hidden_act": "gelu"}


def preset_seeds():
    index = {"metadata": {"total_size": 1}, "weight_map": {"/token_embedding": "model.weights.h5"}}
    backbone = hub_object("BertBackbone", BACKBONE)
    yield joined(backbone, TASK, PREPROCESSOR, TOKENIZER)
    yield joined(backbone, "", "", TOKENIZER, "", ["bad", "good"], index)
    yield joined(HUGGING_FACE, "", "", "", {"do_lower_case": True}, "", "", VOCABULARY, {"weight_map": {"a": "model.safetensors"}})
    embedder = hub_object("BertTextEmbedder", {"backbone": backbone, "pooling_mode": "mean", "normalize": True, "preprocessor": None})
    yield joined(backbone, embedder, "", TOKENIZER)
    int8 = {"class_name": "DTypePolicyMap", "config": {"default_policy": None, "policy_map": {
        "bert_backbone/pooled_dense": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": None}}}}}
    yield joined(hub_object("BertBackbone", BACKBONE | {"dtype": int8}), "", "", TOKENIZER)


def keras_seeds():
    yield joined(TASK, VOCABULARY)
    yield joined(hub_object("BertBackbone", BACKBONE))
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr("config.json", json.dumps(TASK))
            archive.writestr("model.weights.h5", b"x" * 3000)
            archive.writestr("assets/preprocessor/tokenizer/vocabulary.txt", VOCABULARY)
        yield buffer.getvalue()


def tar_of(members, packed=False, format=tarfile.USTAR_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, content, changes in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in changes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0) if packed else buffer.getvalue()


def archive_seeds():
    plain = [("config.json", b"{}", {}), ("assets/a.txt", b"text", {"mode": 0o4755})]
    link = {"type": tarfile.SYMTYPE, "linkname": "/tmp"}
    yield tar_of(plain)
    yield tar_of(plain, packed=True)
    yield tar_of([("d", b"", {"type": tarfile.DIRTYPE}), ("d/x", b"x", {})])
    yield tar_of([("../x", b"x", {})])
    yield tar_of([("l", b"", link), ("l/x", b"x", {})])
    yield tar_of([("h", b"", {"type": tarfile.LNKTYPE, "linkname": "config.json"})])
    yield tar_of([("n" * 300, b"x", {})], format=tarfile.GNU_FORMAT)
    yield tar_of([("p/" + "q" * 200, b"x", {})], format=tarfile.PAX_FORMAT)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr("config.json", "{}" * 40)
            archive.writestr("a/b.txt", "text")
        yield buffer.getvalue()


def response(status, *headers, body=b""):
    return f"HTTP/1.1 {status}\r\n".encode() + b"".join(h.encode() + b"\r\n" for h in headers) + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def hub_seeds():
    commit, small = "c0ffee" + "0" * 34, '"9e26dfeeb6e641a33dae4961196235bdb965b21b"'  # git's name of {}
    head = response("200 OK", f"X-Repo-Commit: {commit}", f"ETag: {small}")
    between = BETWEEN.encode()
    listing = json.dumps({"siblings": [{"rfilename": "config.json"}, {"rfilename": "assets/a.txt"}]}).encode()
    yield b"1" + between.join([head, head, response("200 OK", body=b"{}")])
    yield b"0" + between.join([head, response("200 OK", body=listing), head, response("200 OK", body=b"{}"), head, response("404 Not Found")])
    yield b"1" + between.join([response("302 Found", f"X-Repo-Commit: {commit}", "X-Linked-Size: 2", f"X-Linked-ETag: {small}", "Location: https://other.test/x"),
                               head, response("206 Partial Content", "Content-Range: bytes 0-1/2", body=b"{}")])
    yield b"1" + response("401 Unauthorized", "X-Error-Code: RepoNotFound")
    version = response("200 OK", body=b'{"versionNumber": 2}')
    yield b"3" + between.join([version, response("302 Found", "Location: http://storage.test/config.json?x=1"),
                               response("200 OK", "X-Goog-Hash: crc32c=AAAAAA==,md5=mZFLkyvTelC5g8XnyQrpOw==", body=b"{}")])
    yield b"2" + between.join([version, response("200 OK", body=tar_of([("config.json", b"{}", {})], packed=True))])
    yield b"3" + between.join([version, response("302 Found", "Location: http://storage.test/config.json.zip"), response("200 OK", body=b"PK")])
    yield b"3" + b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\n\r\n{"


def checkpoint_seeds():
    header = {"format": 1, "state": {"epoch": 1, "batch": 2, "step": 3, "finished": False, "best_score": None, "notes": ""}, "settings": '{"a": 1}',
              "seed": "5", "random_step": 3, "random_op": 0, "initialized": 4, "crc32": "CRC"}
    lines = ["optimizer/iterations 5c", "weights/dense/kernel 0"]
    yield joined(header, *lines)
    yield joined(header | {"format": 2}, *lines)
    yield joined(header | {"seed": "x"}, *lines)
    yield joined(header, "weights/dense/kernel 0")
    yield joined("{}")


def weights_seeds():
    lines = ["layers/embedding/vars/0 032", "layers/dense/vars/0 022", "layers/dense/vars/1 02", "layers/dense_1/vars/0 021", "layers/dense_1/vars/1 01"]
    groups = {"/layers/embedding": "a_00000.weights.h5", "/layers/dense": "a_00000.weights.h5", "/layers/dense_1": ["a_00000.weights.h5"]}
    yield joined("\n".join(lines), {"metadata": {"total_size": 1}, "weight_map": groups})
    yield joined("\n".join(lines[1:] + ["optimizer/vars/0 5", "layers/dense/vars/2 01", "layers/x"]), {"weight_map": {}})
    yield joined("lora/vars/rank 51\nlora/1/vars/lora_kernel_a 021\nlora/1/vars/lora_kernel_b 012")
    yield joined("lora/vars/rank 51\nlora/0/vars/lora_embeddings_a 031\nlora/0/vars/lora_embeddings_b 012")


def tokenizer_seeds():
    texts = ["ab the un##affable [MASK] fi.", "caf\u00e9 \ufb01 \u4f60\u597d \U0001F600", "e\u0301\u0323 \u03a3 \u1e9e \u0130", "a|b", "\u200b\u00ad\ufeff\u3164",
             "a" * 101, "\u2013\ufffd\0", "\u0301" * 40]
    for i, text in enumerate(texts):
        for settings in (0, 1, 3, 16, 4 + i):
            yield bytes([settings]) + text.encode()
    yield b"\1\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80"


def unicode_seeds():
    for text in ["abc", "\u00e9\u0323\u0301", "\u1e9b\u0323", "\u0130\u0131", "\ud55c\u1112\u1161\u11ab", "\u0344\u0f73", "\ufdfa", "\u00ad\u034f\u3164", "\U0001D15E",
                 "\U0001FAE0", "\u00a0\u2028\u3000"]:
        yield text.encode()
    yield b"\xe2\x82"


def tsv_seeds():
    yield b"sentence\tlabel\na good film\t1\nbad\t0\n"
    yield b"\xef\xbb\xbfquestion1\tquestion2\tis_duplicate\r\na\tb\t1\r\n"
    yield b"index\tsentence\tquestion\tlabel\n1\ts\tq\tentailment\n2\ts\tq\tnot_entailment"
    yield b"sentence1\tsentence2\tscore\na\tb\t3.25\nc\td\t-1e3\n"
    yield b"sentence\nonly text  \n\n"


def text_lines_seeds():
    yield b"one\ntwo \r\n\n\xef\xbb\xbfthree"
    yield b"\xef\xbb\xbffirst\n\xff"


def vocabulary_seeds():
    yield VOCABULARY.encode()
    yield b"a\r\nb\rc\n\nd \xc2\xa0\n"
    yield b"a\nb\na\nb"
    yield "\u00e9\n##\u4f60\nab\nabc\nabd\n".encode()


def handle_seeds():
    yield from (b"kaggle://keras/bert/keras/bert_tiny_en_uncased/2", b"hf://org/repo@refs/pr/1", b"hf://gpt2", b"bert_tiny_en_uncased", b"HF://a/b",
                b"kaggle://a/../b/c", b"https://x/y", b"assets/tokenizer/vocabulary.txt")


def flags_seeds():
    yield b"--resume\n--batch-size\n16\n--learning-rate=1e-3\n--preset\nx\ntext"
    yield b"--no-resume\n--sizes\n1,2\n--rates=0.5,1\n--names\na,b\n--dtype\nmixed_float16\n--inner-depth\n3"
    yield b"--help"
    yield b"--steps\n5\n--dropout\n0.1\n--output\ny\n--\n-x\n--unknown"


def main(root):
    for function in [value for name, value in globals().items() if name.endswith("_seeds")]:
        directory = root / function.__name__.removesuffix("_seeds")
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.iterdir():
            old.unlink()
        for number, content in enumerate(function()):
            (directory / f"{number:02}").write_bytes(content)
    (root / "made").write_text("")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
