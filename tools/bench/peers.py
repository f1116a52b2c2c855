#!/usr/bin/env python3
"""Times BERT encoders in other libraries: one JSON line a case, with the keys of `linnet bench`.

  peers.py PEER encoder --model minilm --shapes 1x16,32x128 [--task train] [--dtype bfloat16] [--threads 2]
  peers.py PEER sst2 --model minilm --sst2 DIR --vocab FILE [--order file] [--task train --limit 3200] [--buckets]
  peers.py PEER start --saved DIR
  peers.py PEER save --saved DIR --vocab FILE

PEER is torch, torch-compile, ort, openvino, keras-jax or keras-torch. Weights are random: only time is measured.
encoder runs one batch of full sentences (batch x length) again and again, sst2 the whole job: text in, labels out over
dev.tsv, or a pass of training over train.tsv, padded batch by batch in the order of the file, or by --buckets of like length.
start is what a program does that has just begun: it loads the model that save has written and answers one sentence.
"""
import argparse
import json
import os
import random
import resource
import sys
import time

BEGAN = time.perf_counter()
BUCKET_BATCHES = 50  # batches whose sentences are sorted by length together


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["torch", "torch-compile", "ort", "openvino", "keras-jax", "keras-torch"])
    parser.add_argument("case", choices=["encoder", "sst2", "start", "save"])
    parser.add_argument("--model", default="minilm", choices=["tiny", "minilm", "base"])
    parser.add_argument("--task", default="infer", choices=["infer", "train"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "int8"])
    parser.add_argument("--shapes", default="1x16,1x128,32x128,8x512", help="encoder: batch x length, several with commas")
    parser.add_argument("--vocabulary", type=int, default=30522, help="rows of the embedding table")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=2, help="encoder: how long to repeat a case")
    parser.add_argument("--sst2", default="sst2", help="folder with train.tsv and dev.tsv")
    parser.add_argument("--vocab", default="vocab.txt", help="BERT's vocabulary, a token a line")
    parser.add_argument("--limit", type=int, default=0, help="sst2: sentences to take; 0: all")
    parser.add_argument("--batch", type=int, default=32, help="sst2: sentences a batch")
    parser.add_argument("--order", default="sorted", choices=["sorted", "file"], help="sst2 infer: by length first, or as they stand")
    parser.add_argument("--buckets", action="store_true", help="sst2 train: batches of like length")
    parser.add_argument("--passes", type=int, default=0, help="sst2: how often; 0: 3 times to infer, twice to train")
    parser.add_argument("--text", default="a warm, funny and beautifully acted film", help="start: what to ask")
    parser.add_argument("--saved", default="saved", help="save, start: folder of the model's files")
    parser.add_argument("--exported", default=os.path.expanduser("~/.cache/linnet/bench-models"), help="folder for exported models")
    return parser.parse_args()


def flops(args, size, batch, length):
    """Those of the encoder layers, counted alike for every peer."""
    tokens = batch * length
    forward = size.layers * (2 * tokens * (4 * size.hidden**2 + 2 * size.hidden * size.intermediate) + 4 * tokens * length * size.hidden)
    return forward * (3 if args.task == "train" else 1)


def report(args, case, times, **results):
    times = sorted(times)
    print(json.dumps({"peer": args.peer, "case": case, "model": args.model, "task": args.task, "dtype": args.dtype, "threads": args.threads,
                      "min_ms": round(times[0] * 1e3, 5), "median_ms": round(times[len(times) // 2] * 1e3, 5), **results,
                      "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}), flush=True)


def timed(job):
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def bench_encoder(args, model):
    import numpy as np
    numbers = np.random.default_rng(0)
    for shape in args.shapes.split(","):
        batch, length = map(int, shape.split("x"))
        ids = numbers.integers(0, args.vocabulary, (batch, length))
        labels, segments, mask = numbers.integers(0, 2, batch), np.zeros_like(ids), np.ones_like(ids)
        job = lambda: model.run(ids, segments, mask, labels)
        times = [timed(job), timed(job)]
        least = 1 if times[1] > 1 else 3  # who takes seconds is repeated by the caller
        began, times = time.perf_counter(), []
        while time.perf_counter() - began < args.seconds or len(times) < least:
            times.append(timed(job))
        report(args, shape, times, gflops=round(flops(args, model.size, batch, length) / min(times) / 1e9, 1))


def read_rows(args):
    name = "train.tsv" if args.task == "train" else "dev.tsv"
    with open(os.path.join(args.sst2, name), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    return [(text, int(label)) for text, label in rows[:args.limit or None]]


def in_buckets(rows, batch):
    """Batches of sentences of like length in a random order, as transformers' group_by_length makes them."""
    order, batches = list(rows), []
    random.Random(0).shuffle(order)
    for begin in range(0, len(order), BUCKET_BATCHES * batch):
        bucket = sorted(order[begin:begin + BUCKET_BATCHES * batch], key=lambda row: len(row[0]))
        batches += [bucket[i:i + batch] for i in range(0, len(bucket), batch)]
    random.Random(1).shuffle(batches)
    return batches


def bench_sst2(args, model):
    import numpy as np
    from peer_models import make_tokenizer
    tokenizer = make_tokenizer(args.vocab, args.peer)
    rows = read_rows(args)
    in_order = sorted(rows, key=lambda row: -len(row[0])) if args.task == "infer" and args.order == "sorted" else rows
    batches = [in_order[begin:begin + args.batch] for begin in range(0, len(rows), args.batch)]
    batches = in_buckets(rows, args.batch) if args.buckets else batches

    def take(some):
        for batch in some:
            encoded = tokenizer.encode_batch([text for text, _ in batch])
            model.run(*(np.array([getattr(one, part) for one in encoded]) for part in ("ids", "type_ids", "attention_mask")),
                      np.array([label for _, label in batch]))

    training = args.task == "train"
    # What a library does once, at its first batches, is no part of a pass; one that compiles by length does so in the first whole pass.
    take(batches if args.peer.startswith("keras") and not training else batches[:5])
    times = [timed(lambda: take(batches)) for _ in range(args.passes or (2 if training else 3))]
    case = ("sst2-buckets" if args.buckets else "sst2") if training else f"sst2-{args.order}"
    report(args, case, times, sentences=len(rows), sentences_per_second=round(len(rows) / min(times), 1))


def main():
    args = parse_arguments()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import peer_models
    if args.case == "save":
        return peer_models.save(args)
    if args.case == "start":
        answer = peer_models.first_answer(args)
        return report(args, "start", [time.perf_counter() - BEGAN], answer=[round(float(number), 4) for number in answer])
    model = peer_models.make(args)
    return bench_encoder(args, model) if args.case == "encoder" else bench_sst2(args, model)


if __name__ == "__main__":
    main()
