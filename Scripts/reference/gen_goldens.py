"""Reference values for the tests, computed by transformers + PEFT in float32 on the CPU.

    python gen_goldens.py --out goldens-public --seed 20231001 --variant public
    python gen_goldens.py --out goldens-random --seed N --variant random

`public` is fixed; `random` draws sizes, ranks, targets and hyper-parameters from the seed, awkward sizes on purpose.
The layout of the output is described in FORMAT, which is also written into manifest.json.
Scripts/interop/run --environment-only makes a Python environment to run this in.
"""

import argparse
import json
import random
import shutil
from pathlib import Path

import peft
import torch
import transformers
from peerlib import ALL7, LSModel, add_lora, load_backbone, param_groups, set_unmask
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    get_linear_schedule_with_warmup,
)

FORMAT = """<case>/model/            HF checkpoint folder (config.json + safetensors; some bf16-stored, one sharded). Compute is float32 throughout.
<case>/case.json         rank, alpha, targets, pad id, optimiser settings, learning rate used at each step; per mode: loss of every batch at the
                         initial parameters, loss and pre-clip gradient norm at each of the 5 optimiser steps (batches cycle b0 b1 b2 b0 b1), noise
<case>/batches.safetensors   b{i}.input_ids, b{i}.attention_mask, b{i}.seq_labels [B], b{i}.tok_labels [B,T] (-100 = ignored), i = 0..2, right-padded
<case>/adapter-seq, <case>/adapter-tok   the INITIAL adapters in PEFT's own format (adapter_config.json, adapter_model.safetensors; head =
                         base_model.model.score.*), used by every seq_* / tok_* mode of the case
<case>/<mode>.safetensors  logits.b{i} (seq: [B,C]; token: [B,T,C]) and, with hidden=true, hidden.b0.{l} ([B,T,D], l=0 embeddings .. last = after
                         the final norm; compare only where attention_mask=1), all at the initial parameters;
                         grad.<peft name> = d loss(b0) / d parameter, unclipped; after5.<peft name> = parameter after the 5 AdamW steps (not
                         for the extra modes)
Modes: seq_causal_last | seq_unmask_max | seq_unmask_mean | tok_causal | tok_unmask (+ extras). max/mean pool the per-token LOGITS over non-padding
tokens (official LS-unLLaMA pools logits; *_officialpad modes = official code to the letter: padding attended to and pooled over; hmax = max over hidden
states, then head). Unmask = full bidirectional attention among non-padding tokens; RoPE positions 0..T-1. Token loss = mean over labels != -100.
AdamW is decoupled; weight decay skips *.bias (score.bias), as transformers.Trainer. lr[0]=0 where warm-up > 0 (LambdaLR): step 1 only fills the moments.
Adam amplifies round-off where gradients are ~0: compare after5 with atol ~ noise*20 or 1e-5."""

STANDARD_MODES = ["seq_causal_last", "seq_unmask_max", "seq_unmask_mean", "tok_causal", "tok_unmask"]
EXTRA_MODES = [
    "seq_unmask_last",
    "seq_unmask_last_officialpad",
    "seq_unmask_hmax",
    "seq_unmask_max_officialpad",
    "seq_unmask_mean_officialpad",
    "tok_unmask_officialpad",
]
HIDDEN_MODES = ("seq_causal_last", "seq_unmask_max", "tok_unmask")


class Draw:
    """Settings of a variant: fixed ones, or drawn. The order of the draws is part of what a seed means."""

    def __init__(self, variant, seed):
        self.public = variant == "public"
        self.random = random.Random(seed)

    def either(self, fixed, *choices):
        return fixed if self.public else self.random.choice(choices)

    def optimizer(self, case):
        if self.public:
            return dict(
                lr=1e-3,
                betas=[0.9, 0.999],
                eps=1e-8,
                weight_decay=0.01,
                clip=3.0 if case in ("mistral", "qwen3") else 1.0,
                warmup=2,
                total=8,
                steps=5,
            )
        choice = self.random.choice
        return dict(
            lr=choice([5e-4, 1e-3, 3e-3]),
            betas=[0.9, choice([0.999, 0.98])],
            eps=choice([1e-8, 1e-6]),
            weight_decay=choice([0.0, 0.01, 0.1]),
            clip=choice([0.3, 1.0, 5.0]),
            warmup=choice([0, 1, 3]),
            total=choice([5, 9, 12]),
            steps=5,
        )

    def sizes(self):
        if self.public:
            return dict(
                vocab_size=512,
                hidden_size=64,
                intermediate_size=176,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=2,
            )
        choice = self.random.choice
        head = choice([12, 16, 20, 24])
        heads, key_value_heads = choice([(4, 2), (6, 3), (6, 2), (4, 1), (5, 5), (9, 3)])
        width = head * heads
        return dict(
            vocab_size=choice([391, 480, 333]),
            hidden_size=width,
            intermediate_size=choice([132, 150, 201, 171]),
            num_hidden_layers=choice([2, 3, 4] if width < 100 else [2]),
            num_attention_heads=heads,
            num_key_value_heads=key_value_heads,
        )

    def theta(self, fixed):
        return self.either(fixed, 10000.0, 50000.0, 500000.0, 1000000.0)

    def epsilon(self, fixed):
        return self.either(fixed, 1e-5, 1e-6)

    def lora(self, rank, alpha, targets, **options):
        if self.public:
            return dict(rank=rank, alpha=alpha, targets=targets) | options
        choice = self.random.choice
        return dict(
            rank=choice([1, 3, 5, 12, 16]),
            alpha=choice([8, 16, 24, 32]),
            targets=choice([
                ["q_proj", "v_proj"],
                ALL7,
                ALL7[:4],
                ["k_proj", "o_proj", "down_proj"],
                ["q_proj", "k_proj", "v_proj", "up_proj"],
            ]),
        ) | options

    def sequence_lengths(self):
        if self.public:
            return [[9, 5, 12, 1], [7, 7, 7], [3, 16, 11, 6, 2]]
        integer = self.random.randint
        return [
            [integer(1, 15) for _ in range(self.random.choice([3, 4, 5]))] for _ in range(3)
        ]


def cases(draw):
    """Yields name, class, configuration, LoRA settings, peculiarities. One architecture or option a case."""

    def plain_rope(theta):
        return dict(rope_type="default", rope_theta=theta)

    sizes = draw.sizes()
    if draw.public:
        sizes = draw.sizes() | dict(num_hidden_layers=3)
    yield (
        "llama-gqa",
        LlamaForCausalLM,
        LlamaConfig(
            **sizes,
            rms_norm_eps=draw.epsilon(1e-5),
            rope_parameters=plain_rope(draw.theta(10000.0)),
            max_position_embeddings=256,
        ),
        draw.lora(4, 32, ["q_proj", "v_proj"]),
        dict(extras=True),
    )

    scaled_rope = dict(
        rope_type="llama3",
        rope_theta=draw.theta(500000.0),
        factor=draw.either(8.0, 4.0, 32.0),
        low_freq_factor=1.0,
        high_freq_factor=4.0,
        original_max_position_embeddings=draw.either(64, 32, 128),
    )
    yield (
        "llama3-rope",
        LlamaForCausalLM,
        LlamaConfig(
            **draw.sizes(),
            rms_norm_eps=draw.epsilon(1e-5),
            rope_parameters=scaled_rope,
            max_position_embeddings=512,
        ),
        draw.lora(8, 16, ALL7[:4]),
        dict(store="bf16"),
    )

    yield (
        "llama-tied",
        LlamaForCausalLM,
        LlamaConfig(
            **draw.sizes(),
            rms_norm_eps=draw.epsilon(1e-5),
            rope_parameters=plain_rope(draw.theta(100000.0)),
            tie_word_embeddings=True,
            max_position_embeddings=256,
        ),
        draw.lora(6, 12, ALL7),
        {},
    )

    sizes = draw.sizes()
    sizes["num_key_value_heads"] = sizes["num_attention_heads"]
    yield (
        "llama-mha",
        LlamaForCausalLM,
        LlamaConfig(
            **sizes,
            rms_norm_eps=draw.epsilon(1e-6),
            rope_parameters=plain_rope(draw.theta(10000.0)),
            max_position_embeddings=256,
        ),
        draw.lora(12, 32, ["q_proj", "v_proj"], b_zero=True),
        {},
    )

    yield (
        "mistral",
        MistralForCausalLM,
        MistralConfig(
            **draw.sizes(),
            rms_norm_eps=draw.epsilon(1e-5),
            rope_parameters=plain_rope(draw.theta(10000.0)),
            sliding_window=4096 if draw.public else None,
            max_position_embeddings=256,
        ),
        draw.lora(8, 16, ["q_proj", "k_proj", "v_proj", "o_proj", "down_proj"]),
        dict(shard=True),
    )

    yield (
        "qwen2",
        Qwen2ForCausalLM,
        Qwen2Config(
            **draw.sizes(),
            rms_norm_eps=draw.epsilon(1e-6),
            rope_parameters=plain_rope(draw.theta(1000000.0)),
            tie_word_embeddings=True,
            max_position_embeddings=256,
        ),
        draw.lora(8, 16, ALL7, rslora=True),
        dict(extras=True),
    )

    sizes = draw.sizes()
    head = draw.either(32, 8, 28, 32)
    yield (
        "qwen3",
        Qwen3ForCausalLM,
        Qwen3Config(
            **sizes,
            head_dim=head,
            rms_norm_eps=draw.epsilon(1e-6),
            rope_parameters=plain_rope(draw.theta(1000000.0)),
            tie_word_embeddings=False,
            max_position_embeddings=256,
        ),
        draw.lora(4, 8, ["q_proj", "k_proj", "v_proj", "gate_proj"]),
        {},
    )


def parse(mode):
    """The settings that a mode's name stands for."""
    parts = mode.split("_")
    sequence = parts[0] == "seq"
    return dict(
        task="seq" if sequence else "token",
        unmask=parts[1] == "unmask",
        pooling=parts[2] if sequence else "last",
        pad_mode="official" if mode.endswith("officialpad") else "masked",
    )


def randomise(model, generator):
    """Weights at which every part of the model matters, unlike those of a fresh model."""

    def normal(parameter):
        return torch.randn(parameter.shape, generator=generator)

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.copy_(1 + 0.15 * normal(parameter))
            elif name.endswith("bias"):
                parameter.copy_(0.3 * normal(parameter))
            elif "embed" in name or "lm_head" in name:
                parameter.copy_(0.5 * normal(parameter))
            else:
                parameter.copy_(normal(parameter) * 1.2 / parameter.shape[1] ** 0.5)


def randomise_adapter(parameters, lora, generator):
    """LoRA's B is zero after PEFT's initialisation, which would hide half of the gradients."""

    def normal(parameter):
        return torch.randn(parameter.shape, generator=generator)

    with torch.no_grad():
        for name, parameter in parameters.items():
            if "lora_B" in name:
                zero = lora.get("b_zero")
                parameter.copy_(
                    torch.zeros_like(parameter) if zero else 0.2 * normal(parameter) / lora["rank"] ** 0.5)
            elif "lora_A" in name:
                parameter.copy_(normal(parameter) * 0.5 / parameter.shape[1] ** 0.5)
            elif name.endswith("score.weight"):
                parameter.copy_(normal(parameter) * 1.0 / parameter.shape[1] ** 0.5)
            elif name.endswith("score.bias"):
                parameter.copy_(normal(parameter) * 0.1)


def random_batch(lengths, pad, vocabulary, num_labels, generator):
    """Right-padded ids, their mask, a label for each sequence, labels for about 70 % of the tokens."""
    shape = (len(lengths), max(lengths))
    ids = torch.full(shape, pad)
    mask = torch.zeros(shape, dtype=torch.long)
    token_labels = torch.full(shape, -100)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(3, vocabulary - 1, (length,), generator=generator)
        mask[row, :length] = 1
        labels = torch.randint(0, num_labels["tok"], (length,), generator=generator)
        dropped = torch.rand(length, generator=generator) < 0.3
        dropped[0] = False
        labels[dropped] = -100
        token_labels[row, :length] = labels
    return dict(
        input_ids=ids,
        attention_mask=mask,
        seq_labels=torch.randint(0, num_labels["seq"], (len(lengths),), generator=generator),
        tok_labels=token_labels,
    )


def name_on_disk(name):
    """PEFT's name of a live parameter → its name in adapter_model.safetensors."""
    return name.replace(".default", "").replace("modules_to_save.", "")


def build(folder, mode, lora, num_labels, attention, initial=None):
    """The adapted model of a mode, without dropout, and its trainable parameters by their name on disk."""
    settings = parse(mode)
    model = LSModel(
        load_backbone(folder, torch.float32, attention),
        num_labels["seq" if settings["task"] == "seq" else "tok"],
        head_dropout=0.0,
        **settings,
    )
    model = add_lora(
        model, lora["rank"], lora["alpha"], 0.0, lora["targets"], lora.get("rslora", False))
    parameters = {
        name_on_disk(name): parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    if initial is not None:
        with torch.no_grad():
            for name, value in initial.items():
                parameters[name].copy_(value)
    return model.train(), parameters


def forward(model, batch, settings):
    labels = batch["seq_labels" if settings["task"] == "seq" else "tok_labels"]
    return model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels)


def hidden_states(model, batch, settings):
    mask = batch["attention_mask"]
    if settings["pad_mode"] == "official":
        mask = torch.ones_like(mask)
    return model.base_model.model.model(
        input_ids=batch["input_ids"],
        attention_mask=mask,
        use_cache=False,
        output_hidden_states=True,
    ).hidden_states


def run(folder, mode, lora, num_labels, batches, optimizer_settings, attention, initial):
    """All tensors of a mode, its scalars, and the learning rate of each step."""
    settings = parse(mode)
    model, parameters = build(folder, mode, lora, num_labels, attention, initial)
    tensors, scalars = {}, dict(settings)

    with torch.no_grad():
        scalars["loss"] = []
        for index, batch in enumerate(batches):
            result = forward(model, batch, settings)
            tensors[f"logits.b{index}"] = result["logits"].clone()
            scalars["loss"].append(result["loss"].item())
        for layer, hidden in enumerate(hidden_states(model, batches[0], settings)):
            tensors[f"hidden.b0.{layer}"] = hidden.clone()
        final = forward(model, batches[0], settings)["hidden"]
        assert torch.equal(tensors[f"hidden.b0.{layer}"], final), "not after the final norm"

    forward(model, batches[0], settings)["loss"].backward()
    for name, parameter in parameters.items():
        tensors["grad." + name] = parameter.grad.clone()
    model.zero_grad()

    o = optimizer_settings
    optimizer = torch.optim.AdamW(
        param_groups(model, o["weight_decay"]), lr=o["lr"], betas=tuple(o["betas"]), eps=o["eps"])
    schedule = get_linear_schedule_with_warmup(optimizer, o["warmup"], o["total"])
    scalars["step_loss"], scalars["grad_norm"], rates = [], [], []
    for step in range(o["steps"]):
        rates.append(schedule.get_last_lr()[0])
        loss = forward(model, batches[step % 3], settings)["loss"]
        loss.backward()
        scalars["step_loss"].append(loss.item())
        norm = torch.nn.utils.clip_grad_norm_(list(parameters.values()), o["clip"])
        scalars["grad_norm"].append(norm.item())
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    for name, parameter in parameters.items():
        tensors["after5." + name] = parameter.detach().clone()
    return tensors, scalars, rates


def noise(one, two, batches):
    """The largest difference between two attention implementations, by kind of tensor: a measure of round-off.

    Absolute; for gradients relative to the tensor's largest entry.
    """
    found = {}
    first_mask = batches[0]["attention_mask"].bool()
    for name, x in one.items():
        y = two[name]
        kind = name.split(".")[0]
        if kind == "hidden":
            x, y = x[first_mask], y[first_mask]
        if kind == "logits" and x.dim() == 3:
            mask = batches[int(name[-1])]["attention_mask"].bool()
            x, y = x[mask], y[mask]
        apart = (x - y).abs().max().item()
        if kind == "grad":
            apart /= max(x.abs().max().item(), 1e-12)
        found[kind] = max(found.get(kind, 0), apart)
    return found


def save_adapter(model, parameters, folder):
    """Writes the adapter as PEFT does, made independent of where it was written; returns its values."""
    values = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    model.save_pretrained(folder)
    saved = load_file(folder / "adapter_model.safetensors")
    assert set(saved) == set(values), set(saved) ^ set(values)
    assert all(torch.equal(saved[name], values[name]) for name in values)

    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = "../model"
    config["inference_mode"] = False
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=1, sort_keys=True))
    (folder / "README.md").unlink(missing_ok=True)
    return values


def check_against_stock_classes(model_folder, adapter_folder, mode, initial, batch, logits):
    """The plain transformers class with PEFT gives the same logits, where it has the mode at all."""
    settings = parse(mode)
    if settings["pad_mode"] != "masked" or settings["pooling"] != "last":
        return False
    stock = (
        AutoModelForTokenClassification
        if settings["task"] == "token"
        else AutoModelForSequenceClassification
    )
    model = stock.from_pretrained(
        model_folder,
        num_labels=len(initial["base_model.model.score.weight"]),
        dtype=torch.float32,
        attn_implementation="eager",
    )
    set_unmask(model.model, settings["unmask"])
    model = peft.PeftModel.from_pretrained(model, adapter_folder).eval()
    with torch.no_grad():
        found = model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    assert torch.allclose(found, logits, atol=1e-5), (mode, (found - logits).abs().max())
    return True


def write_model(folder, model_class, config, pad, peculiar, generator):
    config.pad_token_id, config.bos_token_id, config.eos_token_id = pad, 1, 2
    model = model_class(config)
    randomise(model, generator)
    model.tie_weights()
    if peculiar.get("store") == "bf16":
        model = model.bfloat16()
    model.config.dtype = model.dtype
    model.save_pretrained(folder, **({"max_shard_size": "120KB"} if peculiar.get("shard") else {}))
    (folder / "generation_config.json").unlink(missing_ok=True)


def generate_case(out, index, case, optimizer, num_labels, pad, seed, draw):
    name, model_class, config, lora, peculiar = case
    generator = torch.Generator().manual_seed(seed * 100 + index)
    folder = out / name
    model_folder = folder / "model"
    folder.mkdir()
    write_model(model_folder, model_class, config, pad, peculiar, generator)

    batches = [
        random_batch(lengths, pad, config.vocab_size, num_labels, generator)
        for lengths in draw.sequence_lengths()
    ]
    save_file(
        {f"b{i}.{key}": value.contiguous() for i, b in enumerate(batches) for key, value in b.items()},
        folder / "batches.safetensors")

    rslora = lora.get("rslora", False)
    described = dict(
        case=name,
        arch=model_class.__name__,
        lora=dict(
            rank=lora["rank"],
            alpha=lora["alpha"],
            targets=lora["targets"],
            rslora=rslora,
            scaling=lora["alpha"] / (lora["rank"] ** 0.5 if rslora else lora["rank"]),
            b_zero=lora.get("b_zero", False),
        ),
        num_labels=num_labels,
        pad_token_id=pad,
        optimizer=optimizer,
        weights_stored=peculiar.get("store", "fp32"),
        modes={},
    )

    initials = {}
    for mode in STANDARD_MODES + (EXTRA_MODES if peculiar.get("extras") else []):
        task = parse(mode)["task"]
        adapter_folder = folder / f"adapter-{'seq' if task == 'seq' else 'tok'}"
        if task not in initials:
            torch.manual_seed(seed + index)
            model, parameters = build(model_folder, mode, lora, num_labels, "eager")
            randomise_adapter(parameters, lora, generator)
            initials[task] = save_adapter(model, parameters, adapter_folder)
        initial = initials[task]

        shared = (model_folder, mode, lora, num_labels, batches, optimizer)
        tensors, scalars, rates = run(*shared, "eager", initial)
        others, _, _ = run(*shared, "sdpa", initial)
        scalars["noise"] = noise(tensors, others, batches)
        described["lr_per_step"] = rates
        if check_against_stock_classes(
            model_folder, adapter_folder, mode, initial, batches[0], tensors["logits.b0"]):
            scalars["hf_class_checked"] = True

        scalars["hidden"] = mode in HIDDEN_MODES
        scalars["after5"] = mode not in EXTRA_MODES
        kept = {
            key: value.contiguous()
            for key, value in tensors.items()
            if (scalars["hidden"] or not key.startswith("hidden"))
            and (scalars["after5"] or not key.startswith("after5"))
        }
        save_file(kept, folder / f"{mode}.safetensors")
        described["modes"][mode] = scalars
        report(name, mode, scalars)
    (folder / "case.json").write_text(json.dumps(described, indent=1))


def report(name, mode, scalars):
    norms = [round(norm, 3) for norm in scalars["grad_norm"]]
    round_off = " ".join(f"{kind} {value:.1e}" for kind, value in scalars["noise"].items())
    print(f"{name:12} {mode:28} loss {scalars['loss'][0]:.4f} gradients {norms} noise {round_off}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="a folder; what is there is replaced")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--variant", default="public", choices=["public", "random"])
    parser.add_argument("--only", help="one case, by name")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    shutil.rmtree(arguments.out, ignore_errors=True)
    arguments.out.mkdir(parents=True)

    manifest = dict(
        seed=arguments.seed,
        variant=arguments.variant,
        format=FORMAT,
        versions=dict(
            torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__),
        cases=[],
    )
    draw = Draw(arguments.variant, arguments.seed)
    for index, case in enumerate(cases(draw)):
        # Drawn for skipped cases too, so that --only gives what a full run gives in the public variant.
        name, _, config = case[:3]
        optimizer = draw.optimizer(name)
        num_labels = dict(seq=draw.random.choice([2, 3, 5]), tok=draw.random.choice([5, 7, 9]))
        pad = draw.random.choice([0, 2, config.vocab_size - 1])
        if arguments.only in (None, name):
            generate_case(
                arguments.out, index, case, optimizer, num_labels, pad, arguments.seed, draw)
            manifest["cases"].append(name)
    (arguments.out / "manifest.json").write_text(json.dumps(manifest, indent=1))


if __name__ == "__main__":
    main()
