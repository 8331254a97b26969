"""Writes the seeds of the fuzzer: small files of every kind that is read, most of them sound.

  python3 Scripts/reference/hostile_seeds.py

They lie in Tests/HostileFiles/Kept/READER as seed-NAME, beside the inputs that once broke a reader. Needs nothing but
Python.
"""

import gzip
import hashlib
import json
import pathlib
import struct

KEPT = pathlib.Path(__file__).resolve().parents[2] / "Tests/HostileFiles/Kept"
SEPARATOR = b"\n====\n"


def keep(reader, name, *parts):
    folder = KEPT / reader
    folder.mkdir(parents=True, exist_ok=True)
    parts = [part.encode() if isinstance(part, str) else part for part in parts]
    (folder / f"seed-{name}").write_bytes(SEPARATOR.join(parts))


# Checkpoints

SIZES = {"F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I64": 8, "U8": 1}


def safetensors(tensors, metadata=None):
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, kind, shape in tensors:
        size = SIZES[kind]
        for extent in shape:
            size *= extent
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(offset)


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key, value):
    if isinstance(value, bool):
        return string(key) + struct.pack("<IB", 7, value)
    if isinstance(value, int):
        return string(key) + struct.pack("<II", 4, value)
    if isinstance(value, float):
        return string(key) + struct.pack("<If", 6, value)
    if isinstance(value, (str, bytes)):
        return string(key) + struct.pack("<I", 8) + string(value)
    kind, elements = {int: (5, "<i"), float: (6, "<f"), str: (8, None)}[type(value[0])], value
    body = b"".join(string(e) if kind[1] is None else struct.pack(kind[1], e) for e in elements)
    return string(key) + struct.pack("<IIQ", 9, kind[0], len(elements)) + body


def gguf(keys, tensors):
    header = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys))
    header += b"".join(pair(key, value) for key, value in keys.items())
    offset, data = 0, b""
    for name, kind, shape, size in tensors:
        header += string(name) + struct.pack("<I", len(shape))
        header += b"".join(struct.pack("<Q", extent) for extent in shape)
        header += struct.pack("<IQ", kind, offset)
        padded = (size + 31) // 32 * 32
        data += bytes(padded)
        offset += padded
    return header + bytes(-len(header) % 32) + data


ALPHABET = [chr(c) for c in list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))]
ALPHABET += [chr(256 + n) for n in range(256 - len(ALPHABET))]


def llama_keys():
    tokens = ["<unk>", "<s>", "</s>", "<0x41>", "▁", "a", "b", "▁a", "ab", "▁ab"]
    return {
        "general.architecture": "llama", "llama.block_count": 1, "llama.embedding_length": 8,
        "llama.attention.head_count": 2, "llama.attention.head_count_kv": 1, "llama.feed_forward_length": 16,
        "llama.context_length": 64, "llama.attention.layer_norm_rms_epsilon": 1e-5, "llama.rope.freq_base": 10000.0,
        "llama.rope.dimension_count": 4, "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": [-float(n) for n in range(len(tokens))],
        "tokenizer.ggml.token_type": [2, 3, 3, 6] + [1] * (len(tokens) - 4), "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_space_prefix": True,
    }


def byte_level_keys():
    keys = llama_keys()
    tokens = ALPHABET[:70] + ["ab", "Ġa", "Ġ", "<|end|>"]
    del keys["tokenizer.ggml.scores"]
    keys.update({
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "llama-bpe", "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * (len(tokens) - 1) + [3], "tokenizer.ggml.merges": ["a b", "Ġ a"],
    })
    return keys


def checkpoints():
    keep("safetensors", "two", safetensors([("a", "F32", [2, 2]), ("b.weight", "BF16", [3])], {"format": "pt"}))
    keep("safetensors", "odd", safetensors([("x", "U8", [1]), ("y", "F16", []), ("z", "I64", [0])]))
    shard = safetensors([("a", "F32", [1])]), safetensors([("b", "F16", [2])])
    index = {"metadata": {"total_size": 8}, "weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}
    keep("index", "two", json.dumps(index), *shard)
    tensors = [("token_embd.weight", 0, [8, 10], 320), ("blk.0.attn_q.weight", 2, [32, 2], 36),
               ("rope_freqs.weight", 0, [2], 8), ("output_norm.weight", 1, [8], 16)]
    keep("gguf", "llama", gguf(llama_keys(), tensors))
    keep("gguf", "byte-level", gguf(byte_level_keys(), tensors[:1]))
    nested = pair("k", ["x"])[:9] + struct.pack("<IIQIQ", 9, 9, 1, 8, 1) + string("x")
    keep("gguf", "nested", struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + nested)


# Configurations

CONFIG = {
    "model_type": "llama", "hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2,
    "num_hidden_layers": 1, "num_key_value_heads": 1, "vocab_size": 10, "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0, "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": [2],
    "tie_word_embeddings": True, "hidden_act": "silu", "torch_dtype": "float32",
}


def configurations():
    keep("config", "llama", json.dumps(CONFIG))
    scaling = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 32}
    keep("config", "llama3", json.dumps(CONFIG | {"rope_scaling": scaling, "id2label": {"0": "no", "1": "yes"}}))
    keep("config", "mistral", json.dumps(CONFIG | {"model_type": "mistral", "sliding_window": 16, "head_dim": 4}))
    qwen = {"model_type": "qwen3", "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 0,
            "layer_types": ["sliding_attention"], "attention_bias": False}
    keep("config", "qwen3", json.dumps(CONFIG | qwen))
    layer = "model.layers.0."
    shapes = {
        "model.embed_tokens.weight": [10, 8], layer + "self_attn.q_proj.weight": [8, 8],
        layer + "self_attn.k_proj.weight": [4, 8], layer + "self_attn.v_proj.weight": [4, 8],
        layer + "self_attn.o_proj.weight": [8, 8], layer + "mlp.gate_proj.weight": [16, 8],
        layer + "mlp.up_proj.weight": [16, 8], layer + "mlp.down_proj.weight": [8, 16],
        layer + "input_layernorm.weight": [8], layer + "post_attention_layernorm.weight": [8], "model.norm.weight": [8],
    }
    weights = safetensors([(name, "BF16", shape) for name, shape in shapes.items()])
    keep("model", "llama", json.dumps(CONFIG), weights)
    peft = {
        "peft_type": "LORA", "r": 2, "lora_alpha": 4, "lora_dropout": 0.1, "target_modules": ["q_proj"],
        "task_type": "SEQ_CLS", "use_rslora": False, "bias": "none", "base_model_name_or_path": "m",
        "alpha_pattern": {"q_proj": 3}, "init_lora_weights": True,
    }
    facts = {
        "base": {"path": "m", "fingerprint": "f", "family": "llama", "layers": 5}, "labels": ["no", "yes"],
        "recipe": {"task": "sequence", "rank": "2", "attention": "layers:0,2-3", "pooling": "mean", "seed": "7"},
        "metrics": {"accuracy": 0.5},
    }
    prefix = "base_model.model.model.layers.0.self_attn.q_proj."
    pair_and_head = safetensors([
        (prefix + "lora_A.weight", "F32", [2, 64]), (prefix + "lora_B.weight", "F32", [64, 2]),
        ("base_model.model.score.weight", "F32", [2, 64])])
    keep("adapter", "ours", json.dumps(peft), json.dumps(facts), pair_and_head)
    keep("adapter", "peft", json.dumps(peft | {"task_type": "TOKEN_CLS"}), "", pair_and_head)
    calibration = {
        "method": "temperature", "temperature": 2.0, "scales": [0.5, 0.5], "biases": None, "data": "dev", "fitted": 3,
        "before": {"log_loss": 1.0, "ece": 0.2}, "after": {"log_loss": 0.5, "ece": 0.1},
        "thresholds": {"classes": ["no", "yes"], "counts": [2, 1], "points": [[[0.5, 0.25]], []], "all": [[0.5, 0.4]]},
        "conformal": {"count": 3, "scores": [0.1, 0.2, 0.3], "scales": [0.5, 0.5]},
    }
    keep("adapter", "calibrated", json.dumps(peft), json.dumps(facts | {"calibration": calibration}), pair_and_head)
    tagger = {"labels": ["O", "B-A", "I-A"], "recipe": {"task": "tokens", "rank": "2", "head": "crf"}}
    token_head = safetensors([
        (prefix + "lora_A.weight", "F32", [2, 64]), (prefix + "lora_B.weight", "F32", [64, 2]),
        ("base_model.model.score.weight", "F32", [3, 64]), ("base_model.model.score.bias", "F32", [3])])
    keep("adapter", "crf", json.dumps(peft | {"task_type": "TOKEN_CLS"}), json.dumps(facts | tagger), token_head,
         safetensors([("base_model.model.crf.transitions", "F32", [5, 3])]))
    head = {
        "fingerprint": "f", "layers_of_base": 5, "task": "sequence", "attention": "unmasked", "layers": 5,
        "pooling": "mean", "labels": ["no", "yes"], "weight": [0.5] * 8, "bias": [0.0, 1.0],
    }
    keep("head", "probed", json.dumps({"head": head}))
    keep("recipe", "weights", "class_weights: {no: 2, 'yes': 0.5}\n")
    keep("recipe", "all", "task: tokens\nattention: layers:0,4,8-15\ntargets: [q, v]\nrank: 8 # pairs\nseed: 7\n"
         "learning_rate: 1e-4\nrslora: true\nmetric: 'f1'\n\"epochs\": 3\n")
    keep("recipe", "flow", "{preset: paper, pooling: mean, dropout: 0.1}\n")
    keep("recipe", "aliases", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")


# Tokenizers

def tokenizers():
    pieces = ["<unk>", "<s>", "<0x41>", "▁", "a", "b", "▁a", "ab", "▁ab"]
    added = [{"id": 1, "content": "<s>", "single_word": False, "lstrip": True, "rstrip": True, "normalized": False,
              "special": True}]
    template = {"type": "TemplateProcessing", "single": [
        {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
    sentence_piece = {
        "version": "1.0", "added_tokens": added, "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": None, "post_processor": template, "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True,
                  "vocab": {piece: n for n, piece in enumerate(pieces)}, "merges": ["▁ a", "a b", "▁a b"]},
    }
    options = json.dumps({"bos_token": "<s>", "eos_token": {"content": "<s>"}, "pad_token": None})
    keep("tokenizer", "sentencepiece", json.dumps(sentence_piece, ensure_ascii=False), options)
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}
    keep("tokenizer", "metaspace", json.dumps(
        sentence_piece | {"normalizer": None, "pre_tokenizer": metaspace, "decoder": metaspace}, ensure_ascii=False))
    vocabulary = {piece: n for n, piece in enumerate(ALPHABET[:80] + ["ab", "Ġ", "Ġa"])}
    regex = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
    byte_level = {
        "version": "1.0", "added_tokens": [{"id": 90, "content": "<e>", "special": True}], "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": True},
            {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        "post_processor": {"type": "ByteLevel", "trim_offsets": True}, "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [["a", "b"], ["Ġ", "a"]], "ignore_merges": True},
    }
    keep("tokenizer", "byte-level", json.dumps(byte_level, ensure_ascii=False))
    for kind in range(3):
        keep("text", f"{kind}", bytes([kind]) + "The cat's 12 mats\n\n <s> é e\u0301\u0327 가각 🙂\t▁x".encode())
    keep("text", "marks", bytes([2]) + ("a" + "\u0301\u0327" * 20 + "\u1100\u1161\u11a8").encode())
    keep("text", "bytes", bytes(range(256)))


# Data

def data():
    keep("csv", "comma", 'text,label\n"one, ""two""\nthree",yes\r\nfour,no\n\n')
    keep("csv", "tab", "label\ttext\nyes\tone two\nno\t\"three\tfour\"\n")
    keep("csv", "mark", b"\xef\xbb\xbftext,label\na,b\rc,d\n")
    keep("jsonl", "sequence", '{"text": "one \\u00e9", "label": "yes"}\n\n{"text": "two", "label": 3, "x": [1.5e3, null]}\n')
    keep("jsonl", "tokens", '{"tokens": ["Ann", "ran"], "tags": ["B-PER", "O"]}\n{"tokens": [], "tags": []}\r\n')
    keep("jsonl", "gzip", gzip.compress(b'{"text": "one", "label": "yes"}\n', mtime=0) + bytes(3))
    keep("conll", "tabs", "-DOCSTART-\t-X-\n\n# a comment\nAnn\tB-PER\nran\tO\n\nBo\tB-PER\nLi\tI-PER\n")
    keep("conll", "spaces", "Ann NNP S-PER\nran VBD O\n\nBo NNP B-PER\nLi NNP E-PER\n")
    word = "\t_" * 6
    keep("conllu", "words", f"# text = a b\n1-2\tab\t_\tX{word}\n1\ta\t_\tDET{word}\n2\tb\t_\tNOUN{word}\n2.1\tc\t_\tX{word}\n\n")
    for name in ["gzip-plain", "snappy-v1", "snappy-v2", "zstd-v2", "two-level-lists", "unsupported"]:
        keep("parquet", name, (KEPT.parents[1] / f"FormatsTests/Fixtures/parquet/{name}.parquet").read_bytes())
    member = gzip.compress(b'{"tokens": ["Ann"], "tags": ["B-PER"]}\n', mtime=0)
    keep("gzip", "two-members", member + bytes(5) + member)
    keep("gzip", "stored", b'{"tokens": ["Ann"], "tags": ["B-PER"]}\n', b'{"tokens": ["ran"], "tags": ["O"]}\n')
    named = bytearray(gzip.compress(b"text,label\na,b\n", mtime=0))
    named[3] = 8 | 16
    keep("gzip", "named", bytes(named[:10]) + b"x.csv\0a comment\0" + bytes(named[10:]))
    spans = [
        {"text": "Ann lives in Rome", "spans": [{"start": 0, "end": 3, "label": "PER"}]},
        {"text": "Ann \U0001f642 in Rome", "spans": [{"start": 10, "end": 14, "label": "LOC", "text": "Rome"}],
         "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}], "answer": "accept"},
        {"text": "Ann in Rome", "answer": "reject"},
        {"text": "Ann in Rome", "entities": [[0, 3, "PER"], [7, 11, "LOC"], [6, 9, "LOC"], [30, 40, "LOC"]]},
        {"id": 1, "text": "Ann", "entities": [{"id": 2, "label": "PER", "start_offset": 0, "end_offset": 3}],
         "relations": []},
        {"text": "Ann", "label": [[0, 2, "PER"]]},
        {"data": {"text": "Ann in Rome"}, "annotations": [{"was_cancelled": True, "result": []}, {"result": [
            {"type": "labels", "value": {"start": 7, "end": 11, "text": "Rome", "labels": ["LOC", "CITY"]}},
            {"type": "choices", "value": {}}]}]},
    ]
    keep("spans", "rows", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in spans))
    keep("spans", "array", json.dumps(spans, indent=1))
    keep("columns", "csv", "text,pair,a,b\none,two,1,0\nthree,four,true,False\n", "b,a,pair,text\n1,1,x,y\n0,0,z,\n")
    keep("columns", "jsonl", "".join(
        json.dumps({"text": text, "pair": "p", "a": 1.5, "b": "-2e3"}) + "\n" for text in ["one", "two"]))
    keep("columns", "conll", "S-PER Ann\nO ran\n\nB-PER Bo\nE-PER Li\n")
    keep("columns", "known", "text,a,b\none,1,0\ntwo,0,1\n")
    features = "\ta\t_\tDET\tX\tCase=Nom|Number=Sing\t_\t_\t_\tEntity=B-A\n"
    keep("columns", "conllu", f"1{features}2{features}\n1{features}")
    keep("check", "csv", "text,label\nThe same text,a\nthe same  text,b\n,a\nAnother one,a\n\"a\nb\",\n")
    keep("check", "jsonl", '{"text": "a", "labels": ["x", "y"]}\n{"text": 1}\n{"text": "a b", "labels": []}\n')
    keep("check", "conll", "Ann B-PER\nran O\n\nBo I-PER\nx\n\nAnn B-PER\nran O\n")
    keep("conll", "plain", "a DET\nb NOUN\n\nL X\nU Y\n")


# Runs

LAYER = "base_model.model.model.layers.0.self_attn.q_proj."
# What the run of `HostileRun` trains, on the tiny model's 64 columns with the tags B-A, I-A and O.
PARAMETERS = {
    LAYER + "lora_A.weight": [1, 64], LAYER + "lora_B.weight": [64, 1], "base_model.model.score.weight": [3, 64],
    "base_model.model.score.bias": [1, 3], "base_model.model.crf.transitions": [5, 3],
}
# Each of its sentences has so many tokens.
TOKENS = 5


def training_tensors(*more):
    kinds = ["parameter.", "adamw.m.", "adamw.v."]
    return safetensors([(kind + name, "F32", shape) for name, shape in PARAMETERS.items() for kind in kinds] + list(more))


def training_state(steps, epoch, batch, **other):
    training = {
        "step": steps, "epoch": epoch, "batch": batch, "tokens": TOKENS * steps, "loss_sum": 1.5 * batch,
        "loss_count": batch, "evaluation_pending": False, "best": None, "evaluations_since_best": 0, "seconds": 2.5,
        "evaluation_seconds": 0.5,
    }
    log = {"loss_sum": 1.5, "loss_steps": 1, "next_entry": 1.04}
    return json.dumps({"discern": 1, "training": training | other, "log": log})


def with_rows(tensors):
    """The answers have two rows for each of the two texts; they lie before the last 15 values."""
    at = len(tensors) - 4 * 15 - 8
    return tensors[:at] + struct.pack("<2i", 2, 2) + tensors[at + 8:]


def run_manifest(**other):
    settings = {"task": "tokens", "head": "crf", "layers": "1", "rank": "1", "targets": "q_proj", "epochs": "2",
                "batch_size": "1", "calibration": "none"}
    session = {
        "version": "0.1", "command": ["discern", "train", "--model", "m", "--data", "two.jsonl", "--out", "run"],
        "folder": "/tmp", "threads": 2, "instruction_set": "avx2", "processor": "p", "features": ["avx2"],
        "started": "2026-01-01T00:00:00Z", "ended": None, "seconds": 1.5, "peak_memory": 1000000, "first_step": 0,
        "last_step": 2, "outcome": "stopped",
    }
    return {"discern": 1, "outcome": "stopped", "steps": 4, "seed": "42",
            "recipe": {"sha256": "0", "settings": settings}, "model": None, "data": {"train": None, "dev": None},
            "result": {"seconds": 1.5}, "sessions": [session]} | other


def runs():
    def keep_checkpoint(name, state, tensors):
        sums = "".join(f"{hashlib.sha256(part).hexdigest()}  {file}\n"
                       for part, file in [(tensors, "training.safetensors"), (state.encode(), "state.json")])
        keep("checkpoint", name, state, tensors, sums)
    # Answers to the two sentences on dev, two words in each.
    best = [("best.logits", "F32", [4, 3]), ("best.rows", "I32", [2]), ("best.transitions", "F32", [5, 3])]
    log = '{"step": 1, "epoch": 0.5, "loss": 1.5, "learning_rate": 0.001, "grad_norm": 2}\n' \
          '{"step": 2, "epoch": 1, "eval_loss": 1, "eval_f1": 0.5, "eval_accuracy": 0.75, "best": true}\n'
    facts = {"task": "tokens", "labels": ["B-A", "I-A", "O"], "base": {"path": "m"}, "recipe": {"task": "tokens"}}
    keep("run", "stopped", json.dumps(run_manifest()), "epochs: 2\n", log, json.dumps(facts))
    source = {"name": "two.jsonl", "examples": 2, "examples_sha256": "0" * 64,
              "files": [{"path": "two.jsonl", "sha256": None}]}
    other = {"model": {"path": "m", "fingerprint": "fnv1a:0"}, "data": {"train": source, "dev": source}}
    keep("run", "others", json.dumps(run_manifest(**other)))
    scores = [{"loss": 1.5, "f1": 0.25}, None, {"loss": 1.25}]
    folds = {"folds": 3, "scores": scores, "split": {"seed": "1", "shares": [1, 1, 1], "files": [], "rows": {}}}
    keep("folds", "one-left", json.dumps(run_manifest(**folds)))
    keep_checkpoint("middle", training_state(1, 0, 1), training_tensors())
    keep_checkpoint("pending", training_state(2, 0, 2, evaluation_pending=True), training_tensors())
    keep_checkpoint("best", training_state(3, 1, 1, best={"value": 0.5, "step": 2}), with_rows(training_tensors(*best)))


checkpoints()
configurations()
tokenizers()
data()
runs()
