"""What the real SmolLM2-135M computes in float64, and how far float32 is from it, per golden mode.

    python smol_truth.py --model FOLDER --goldens FOLDER --out Tests/Fixtures

The goldens were computed in float32. This script computes them again in float64 and writes these values, hidden states
of the real tokens, logits, some gradients and the losses of five steps, as smol_truth.safetensors. The distance from
them of the reference's own float32, of the goldens and of both attention implementations computed here, goes into
smol_truth.json: the tests allow an engine twice that, whatever order it sums in.
"""

import argparse
import json

import torch
from safetensors.torch import load_file, save_file

from peerlib import LSModel, add_lora, load_backbone, param_groups

MODES = {"seq_causal_last": "seq", "seq_unmask_max": "seq", "tok_causal": "tok", "tok_unmask": "tok"}
STEPS, TOTAL, RATE = 5, 10, 1e-4


def prepared(arguments, mode, adapter, dtype, attention):
    """The model of one mode with the adapter's values, its trainable parameters by name, and the golden batch."""
    state = load_file(f"{arguments.goldens}/adapter-{adapter}/adapter_model.safetensors")
    golden = load_file(f"{arguments.goldens}/{mode}.safetensors")
    labels = state["base_model.model.score.weight"].shape[0]
    task = "seq" if adapter == "seq" else "token"
    pooling = mode.split("_")[2] if task == "seq" else "last"
    model = LSModel(
        load_backbone(arguments.model, dtype, attention),
        labels, task, "unmask" in mode, pooling, "masked", head_dropout=0.0,
    )
    model = add_lora(model, 4, 16, 0.0, ["q_proj", "v_proj"])
    parameters = {
        name.replace(".default", "").replace("modules_to_save.", ""): parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    with torch.no_grad():
        for name, value in state.items():
            parameters[name].copy_(value.to(dtype))
    return model.to(dtype).train(), parameters, golden


def computed(arguments, mode, adapter, dtype, attention):
    """Hidden states, logits and the goldens' gradients of the first step, and the losses of all."""
    model, parameters, golden = prepared(arguments, mode, adapter, dtype, attention)
    real = golden["attention_mask"].bool()
    inputs = {name: golden[name] for name in ("input_ids", "attention_mask", "labels")}
    optimizer = torch.optim.AdamW(param_groups(model, 0.01), lr=RATE, eps=1e-8)
    values, losses = {}, []
    for step in range(STEPS):
        optimizer.zero_grad()
        result = model(**inputs)
        result["loss"].backward()
        losses.append(result["loss"].item())
        if step == 0:
            values = selected(result["hidden"], result["logits"], real)
            values |= {
                name: parameters[name[5:]].grad.double().clone() for name in golden if name.startswith("grad.")}
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = RATE * (TOTAL - step) / TOTAL
        optimizer.step()
    return values, losses


def selected(hidden, logits, real):
    """Values of real tokens, end to end."""
    return dict(
        hidden=hidden.detach().double()[real],
        logits=logits.detach().double()[real] if logits.dim() == 3 else logits.detach().double())


def given(arguments, mode):
    """The goldens themselves."""
    golden = load_file(f"{arguments.goldens}/{mode}.safetensors")
    with open(f"{arguments.goldens}/case.json") as file:
        losses = json.load(file)["modes"][mode]["step_loss"]
    values = selected(golden["hidden"], golden["logits"], golden["attention_mask"].bool())
    return values | {name: value.double() for name, value in golden.items() if name.startswith("grad.")}, losses


def distances(found, truth):
    """Largest and root mean square distances from the truth; of gradients in relation to each one's largest entry."""
    (values, losses), (exact, exact_losses) = found, truth
    errors = {name: values[name] - exact[name] for name in exact}
    gradients = [name for name in exact if name.startswith("grad.")]
    return dict(
        hidden=largest(errors["hidden"]),
        hidden_rms=errors["hidden"].square().mean().sqrt().item(),
        logits=largest(errors["logits"]),
        gradient=max(largest(errors[name]) / largest(exact[name]) for name in gradients),
        loss=max(abs(a - b) for a, b in zip(losses, exact_losses)),
    )


def largest(values):
    return values.abs().max().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--goldens", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    facts, tensors = {}, {}
    for mode, adapter in MODES.items():
        truth = computed(arguments, mode, adapter, torch.float64, "eager")
        runs = [distances(given(arguments, mode), truth)] + [
            distances(computed(arguments, mode, adapter, torch.float32, attention), truth)
            for attention in ("eager", "sdpa")
        ]
        facts[mode] = dict(losses=truth[1], float32={kind: max(run[kind] for run in runs) for kind in runs[0]})
        tensors |= {f"{mode}.{name}": value.float().contiguous() for name, value in truth[0].items()}
    save_file(tensors, f"{arguments.out}/smol_truth.safetensors")
    with open(f"{arguments.out}/smol_truth.json", "w") as file:
        json.dump(facts, file, indent=1)
        file.write("\n")


main()
