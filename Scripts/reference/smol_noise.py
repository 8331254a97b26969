"""How far float32 itself is from the truth on the real SmolLM2-135M, per golden mode.

    python smol_noise.py --model FOLDER --goldens FOLDER > Tests/Fixtures/smol_noise.json

The goldens were computed in float32 by one attention implementation. This script computes them again with the other
one and in float64, and prints the largest distance from the goldens: hidden states and logits absolute, gradients
relative to the largest entry of their tensor. An exact engine cannot be expected to be nearer to the goldens than
these numbers; the tests allow 2e-5 beyond them.
"""

import argparse
import json

import torch
from safetensors.torch import load_file

from peerlib import LSModel, add_lora, load_backbone

MODES = {"seq_causal_last": "seq", "seq_unmask_max": "seq", "tok_causal": "tok", "tok_unmask": "tok"}


def computed(arguments, mode, adapter, dtype, attention):
    """Hidden states, logits and gradients of one mode."""
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
    model = model.to(dtype).train()
    inputs = {name: golden[name] for name in ("input_ids", "attention_mask", "labels")}
    result = model(**inputs)
    result["loss"].backward()
    return golden, result, parameters


def distances(golden, result, parameters):
    """The largest distances of one computation from the goldens."""
    real = golden["attention_mask"].bool()
    logits = (result["logits"].double() - golden["logits"].double()).abs()
    gradients = [
        ((parameters[name[5:]].grad.double() - value.double()).abs().max() / value.abs().max()).item()
        for name, value in golden.items()
        if name.startswith("grad.")
    ]
    return dict(
        hidden=(result["hidden"].double() - golden["hidden"].double()).abs()[real].max().item(),
        logits=(logits[real] if logits.dim() == 3 else logits).max().item(),
        gradient=max(gradients),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--goldens", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    noise = {}
    for mode, adapter in MODES.items():
        runs = [
            distances(*computed(arguments, mode, adapter, dtype, attention))
            for dtype, attention in [(torch.float32, "eager"), (torch.float32, "sdpa"), (torch.float64, "eager")]
        ]
        noise[mode] = {kind: max(run[kind] for run in runs) for kind in runs[0]}
    print(json.dumps(noise, indent=1))


main()
