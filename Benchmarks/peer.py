"""The usual Python stack (PyTorch, transformers, PEFT) on the workloads of `discern bench`; prints one JSON object.

The batches have the lengths that Discern measured. Training is the plain loop that transformers.Trainer runs: forward,
backward, clipping, AdamW. Inference has no LoRA in its way, as if it were merged.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Scripts" / "reference"))

from peerlib import ALL7, LSModel, add_lora, load_backbone, param_groups  # noqa: E402
import torch  # noqa: E402

VOCABULARY_START = 3
PAD = 2


def padded(rows):
    """Ids and attention mask of a batch, filled up on the right to its longest row."""
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), PAD)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
    return ids, mask


def random_rows(lengths, vocabulary):
    generator = torch.Generator().manual_seed(1)
    return [
        [torch.randint(VOCABULARY_START, vocabulary, (n,), generator=generator).tolist() for n in batch]
        for batch in lengths
    ]


def timed(passes, work):
    """Seconds of each pass; one more pass before them warms everything."""
    times = []
    for index in range(passes + 1):
        start = time.perf_counter()
        work()
        if index > 0:
            times.append(time.perf_counter() - start)
    return times


def result(name, tokens, times):
    return {
        "name": name,
        "tokens": tokens,
        "seconds": statistics.median(times),
        "repetitions": times,
        "peak_memory": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def training(options, lengths):
    model = LSModel(load_backbone(options.model), 2, "seq")
    targets = ALL7 if options.what.endswith("-all") else ["q_proj", "v_proj"]
    model = add_lora(model, rank=12, alpha=32, dropout=0.1, targets=targets)
    optimizer = torch.optim.AdamW(param_groups(model, 0.01), lr=1e-4)
    trained = [p for p in model.parameters() if p.requires_grad]
    model.train()
    batches = [
        (*padded(rows), torch.arange(len(rows)) % 2)
        for rows in random_rows(lengths, model.config.vocab_size)
    ]

    def steps():
        for ids, mask, labels in batches:
            model(input_ids=ids, attention_mask=mask, labels=labels)["loss"].backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad()

    return [result(options.what, sum(map(sum, lengths)), timed(options.repeats, steps))]


def inference(options, lengths):
    model = LSModel(load_backbone(options.model), 2, "seq").eval()
    rows = random_rows(lengths, model.config.vocab_size)
    tokens = sum(map(sum, lengths))

    def measured(name, batches, passes):
        packed = [padded(batch) for batch in batches]

        @torch.inference_mode()
        def answers():
            for ids, mask in packed:
                model(input_ids=ids, attention_mask=mask)["logits"].tolist()

        return result(name, tokens, timed(passes, answers))

    if options.what == "infer-one":
        return [measured("infer-one", rows, 10 * options.repeats)]
    by_length = sorted((row for batch in rows for row in batch), key=len)
    sorted_batches = [by_length[i : i + 16] for i in range(0, len(by_length), 16)]
    return [
        measured("infer-short", rows, options.repeats),
        measured("infer-short-sorted", sorted_batches, options.repeats),
    ]


def cold_start(options):
    """From nothing to the answer to one text; whoever runs this process measures it."""
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification

    labels = json.loads((Path(options.adapter) / "discern.json").read_text())["labels"]
    base = AutoModelForSequenceClassification.from_pretrained(
        options.model, num_labels=len(labels), dtype=torch.float32)
    model = PeftModel.from_pretrained(base, options.adapter).eval()
    if (Path(options.model) / "tokenizer.json").exists():
        from transformers import AutoTokenizer

        inputs = AutoTokenizer.from_pretrained(options.model)(options.text, return_tensors="pt")
    else:
        inputs = {"input_ids": torch.arange(VOCABULARY_START, VOCABULARY_START + 12)[None]}
    with torch.inference_mode():
        logits = model(**inputs).logits[0]
    return {"label": labels[int(logits.argmax())], "logits": logits.tolist()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", required=True)
    parser.add_argument("--model", required=True, help="Hugging Face folder")
    parser.add_argument("--lengths", help="JSON: lists of lengths, one list for each batch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--adapter")
    parser.add_argument("--text")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    if options.what == "cold-start":
        print(json.dumps(cold_start(options)))
        return
    lengths = json.loads(options.lengths)
    run = training if options.what.startswith("train-") else inference
    print(json.dumps({"cases": run(options, lengths)}))


if __name__ == "__main__":
    main()
