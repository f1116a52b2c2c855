"""The models of peers.py: a BERT of random weights in each of the other libraries, imported where it is used."""
import collections
import os

Size = collections.namedtuple("Size", "layers hidden heads intermediate")
SIZES = {"tiny": Size(2, 128, 2, 512), "minilm": Size(6, 384, 12, 1536), "base": Size(12, 768, 12, 3072)}
Model = collections.namedtuple("Model", "size run")  # run(token_ids, segment_ids, padding_mask, labels)
LONGEST = 128
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def make(args):
    """The Model that args.peer, .model, .task, .dtype, .threads and .vocabulary describe."""
    makers = {"torch": torch_run, "torch-compile": torch_run, "ort": ort_run, "openvino": openvino_run, "keras-jax": keras_run, "keras-torch": keras_run}
    return Model(SIZES[args.model], makers[args.peer](args))


def make_tokenizer(vocabulary, peer):
    from tokenizers import BertWordPieceTokenizer
    tokenizer = BertWordPieceTokenizer(vocabulary, lowercase=True)
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding(pad_to_multiple_of=32 if peer.startswith("keras") else None)  # Keras compiles anew for each new length
    return tokenizer


def transformers_config(args, attention="sdpa"):
    from transformers import BertConfig
    size = SIZES[args.model]
    return BertConfig(vocab_size=args.vocabulary, hidden_size=size.hidden, num_hidden_layers=size.layers, num_attention_heads=size.heads,
                      intermediate_size=size.intermediate, max_position_embeddings=512, attn_implementation=attention)


def torch_run(args):
    import torch
    from transformers import BertForSequenceClassification, BertModel
    torch.set_num_threads(args.threads)
    compiled = torch.compile if args.peer == "torch-compile" else lambda net: net
    named = lambda ids, segments, mask: {"input_ids": torch.as_tensor(ids), "token_type_ids": torch.as_tensor(segments),
                                         "attention_mask": torch.as_tensor(mask)}
    if args.task == "infer":
        net = BertModel(transformers_config(args)).eval()
        if args.dtype == "int8":
            net = torch.ao.quantization.quantize_dynamic(net, {torch.nn.Linear}, dtype=torch.qint8)
        net = compiled(net.to(torch.bfloat16) if args.dtype == "bfloat16" else net)

        def infer(ids, segments, mask, labels):
            with torch.inference_mode():
                return net(**named(ids, segments, mask)).pooler_output
        return infer

    net = BertForSequenceClassification(transformers_config(args)).train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-5, weight_decay=0.01, fused=True)
    forward = compiled(net)

    def train(ids, segments, mask, labels):
        with torch.autocast("cpu", torch.bfloat16, enabled=args.dtype == "bfloat16"):
            loss = forward(**named(ids, segments, mask), labels=torch.as_tensor(labels)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return train


def export_onnx(args, path):
    """Written anew for each vocabulary and size, once."""
    if os.path.exists(path):
        return path
    import torch
    from transformers import BertModel
    os.makedirs(os.path.dirname(path), exist_ok=True)

    class Exported(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = BertModel(transformers_config(args, "eager")).eval()

        def forward(self, ids, mask, segments):
            outputs = self.net(input_ids=ids, attention_mask=mask, token_type_ids=segments)
            return outputs[0], outputs[1]

    ids = torch.randint(0, args.vocabulary, (2, 16))
    torch.onnx.export(Exported(), (ids, torch.ones_like(ids), torch.zeros_like(ids)), path + ".part", input_names=INPUTS,
                      output_names=["sequence", "pooled"], dynamo=False, opset_version=17,
                      dynamic_axes={name: {0: "batch", 1: "length"} for name in INPUTS})
    os.rename(path + ".part", path)
    return path


def onnx_file(args):
    return export_onnx(args, os.path.join(args.exported, f"{args.model}_{args.vocabulary}", "model.onnx"))


def optimized_onnx(args, path):
    """What ONNX Runtime's own tools make of a model: fused ops, or int8 weights."""
    target = path.replace("model.onnx", f"{args.dtype}.onnx")
    if not os.path.exists(target):
        if args.dtype == "int8":
            from onnxruntime.quantization import QuantType, quantize_dynamic
            quantize_dynamic(path, target + ".part", weight_type=QuantType.QInt8)
        else:
            from onnxruntime.transformers import optimizer
            size = SIZES[args.model]
            optimizer.optimize_model(path, "bert", num_heads=size.heads, hidden_size=size.hidden).save_model_to_file(target + ".part")
        os.rename(target + ".part", target)
    return target


def ort_session(path, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def ort_run(args):
    session = ort_session(optimized_onnx(args, onnx_file(args)), args.threads)
    return lambda ids, segments, mask, labels: session.run(None, dict(zip(INPUTS, (ids, mask, segments))))


def openvino_run(args):
    import openvino
    settings = {"INFERENCE_NUM_THREADS": args.threads, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "bf16" if args.dtype == "bfloat16" else "f32"}
    request = openvino.Core().compile_model(onnx_file(args), "CPU", settings).create_infer_request()
    return lambda ids, segments, mask, labels: request.infer(dict(zip(INPUTS, (ids, mask, segments))))


def keras_hub_module(args):
    os.environ["KERAS_BACKEND"] = args.peer.split("-")[1]
    import keras_hub
    return keras_hub


def keras_inputs(ids, segments, mask):
    return {"token_ids": ids, "segment_ids": segments, "padding_mask": mask}


def keras_run(args):
    keras_hub = keras_hub_module(args)
    import keras
    size = SIZES[args.model]
    if args.dtype == "bfloat16":
        keras.config.set_dtype_policy("mixed_bfloat16")
    backbone = keras_hub.models.BertBackbone(vocabulary_size=args.vocabulary, num_layers=size.layers, num_heads=size.heads, hidden_dim=size.hidden,
                                             intermediate_dim=size.intermediate)
    if args.task == "infer":
        return lambda ids, segments, mask, labels: backbone.predict_on_batch(keras_inputs(ids, segments, mask))
    net = keras_hub.models.BertTextClassifier(backbone, num_classes=2)
    net.compile(optimizer=keras.optimizers.AdamW(2e-5), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return lambda ids, segments, mask, labels: net.train_on_batch(keras_inputs(ids, segments, mask), labels)


def save(args):
    """Writes into args.saved what `start` loads: a classifier in the form that args.peer likes best, and the vocabulary."""
    os.makedirs(args.saved, exist_ok=True)
    if args.peer in ("ort", "openvino"):
        optimized_onnx(args, export_onnx(args, os.path.join(args.saved, "model.onnx")))
    elif args.peer.startswith("torch"):
        from transformers import BertForSequenceClassification
        BertForSequenceClassification(transformers_config(args)).save_pretrained(args.saved)
    else:
        keras_hub = keras_hub_module(args)
        size = SIZES[args.model]
        tokenizer = keras_hub.models.BertTokenizer(args.vocab, lowercase=True)
        backbone = keras_hub.models.BertBackbone(vocabulary_size=args.vocabulary, num_layers=size.layers, num_heads=size.heads,
                                                 hidden_dim=size.hidden, intermediate_dim=size.intermediate)
        preprocessor = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=LONGEST)
        keras_hub.models.BertTextClassifier(backbone, num_classes=2, preprocessor=preprocessor).save_to_preset(args.saved)
    with open(args.vocab, encoding="utf-8") as source, open(os.path.join(args.saved, "vocab.txt"), "w", encoding="utf-8") as target:
        target.write(source.read())


def first_answer(args):
    """Loads what save has written and answers args.text: logits, or the first numbers of the pooled output."""
    if args.peer.startswith("keras"):
        keras_hub = keras_hub_module(args)
        return keras_hub.models.BertTextClassifier.from_preset(args.saved).predict([args.text], verbose=0)[0]
    import numpy as np
    encoded = make_tokenizer(os.path.join(args.saved, "vocab.txt"), args.peer).encode(args.text)
    arrays = [np.array([part]) for part in (encoded.ids, encoded.attention_mask, encoded.type_ids)]
    if args.peer == "ort":
        return ort_session(os.path.join(args.saved, "float32.onnx"), args.threads).run(["pooled"], dict(zip(INPUTS, arrays)))[0][0][:2]
    if args.peer == "openvino":
        import openvino
        compiled = openvino.Core().compile_model(os.path.join(args.saved, "model.onnx"), "CPU", {"INFERENCE_NUM_THREADS": args.threads})
        return compiled(dict(zip(INPUTS, arrays)))["pooled"][0][:2]
    import torch
    from transformers import BertForSequenceClassification
    torch.set_num_threads(args.threads)
    net = BertForSequenceClassification.from_pretrained(args.saved).eval()
    with torch.inference_mode():
        return net(**dict(zip(INPUTS, map(torch.as_tensor, arrays)))).logits[0]
