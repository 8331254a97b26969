"""Exchange with transformers + PEFT, both ways, on the tiny model in Tests/Fixtures/stories260K.

For each setting (task × attention × pooling):

  python   an adapter written by PEFT gives, loaded again, and merged by PEFT, the same logits;
  a        the same adapter folder gives these logits in `discern predict`;
  b        an adapter folder written by `discern train` gives discern's logits in transformers + PEFT;
  c        a folder written by `discern merge`, calibration folded in, gives them in plain transformers.

"Same" is at most TOLERANCE apart, for every label of every text or word. Run by Scripts/interop/run.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from tokenizers import Tokenizer

import peer
from peer import Setting

ROOT = Path(__file__).resolve().parent.parent.parent
BASE = ROOT / "Tests" / "Fixtures" / "stories260K"
TOLERANCE = 1e-4
TEXTS = 12
TRAINING_TEXTS = 48

SETTINGS = [
    Setting("sequence", "causal", "last"),
    Setting("sequence", "causal", "mean"),
    Setting("sequence", "unmasked", "last"),
    Setting("sequence", "unmasked", "mean"),
    Setting("tokens", "causal"),
    Setting("tokens", "unmasked"),
]


# --- data -----------------------------------------------------------------------------------------


def ticket_lines(split):
    return (ROOT / "Examples/tickets" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()


def sentences(split):
    text = (ROOT / "Examples/entities" / f"{split}.conll").read_text(encoding="utf-8")
    return text.strip().split("\n\n")


def texts(task):
    if task == "sequence":
        return [json.loads(line)["text"] for line in ticket_lines("test")[:TEXTS]]
    joined = [
        " ".join(line.split("\t")[0] for line in sentence.split("\n")) for sentence in sentences("test")
    ]
    # Only sentences that discern, given running text, splits into these very words.
    plain = [text for text in joined if re.findall(r"\w+|[^\w\s]", text) == text.split()]
    return plain[:TEXTS]


def training_files(task, folder):
    """A few examples for train and dev; the paths of the two files."""
    paths = []
    for split in ("train", "dev"):
        if task == "sequence":
            path = folder / f"{split}.jsonl"
            path.write_text("\n".join(ticket_lines(split)[:TRAINING_TEXTS]) + "\n", encoding="utf-8")
        else:
            path = folder / f"{split}.conll"
            some = sentences(split)[:TRAINING_TEXTS]
            path.write_text("\n\n".join(some) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


# --- discern --------------------------------------------------------------------------------------


class Discern:
    """The command under test. What its options and its JSON look like stands here and nowhere else."""

    def __init__(self, command):
        self.command = command

    def __call__(self, *arguments, stdin=None):
        words = [self.command, *map(str, arguments)]
        done = subprocess.run(words, input=stdin, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}\nexit status {done.returncode}\n{done.stderr}")
        return done.stdout

    def train(self, setting, folder, out):
        train, dev = training_files(setting.task, folder)
        options = ["--model", BASE, "--data", train, "--dev", dev, "--out", out]
        options += ["--attention", setting.attention, "--rank", 4, "--alpha", 8]
        # PEFT knows of no calibration: what an adapter's folder holds for it are the logits as trained.
        options += ["--targets", "all", "--epochs", 2, "--seed", 1, "--calibration", "none"]
        if setting.task == "tokens":
            options += ["--task", "tokens"]
        else:
            options += ["--pooling", setting.pooling]
        self("train", *options)

    def calibrate(self, setting, folder, run):
        self("calibrate", run, "--data", training_files(setting.task, folder)[1], "--method", "temperature")

    def labels(self, run):
        return json.loads((run / "discern.json").read_text(encoding="utf-8"))["labels"]

    def merge(self, run, out):
        self("merge", run, "--out", out)

    def logits(self, run, setting, labels, some_texts, foreign=False):
        """`foreign`: the folder is PEFT's own, without discern.json, so mask and pooling must be said."""
        options = ["--json", "--logits"]
        if foreign:
            options += ["--attention", setting.attention]
            if setting.task == "sequence":
                options += ["--pooling", setting.pooling]
        output = self("predict", run, "-", *options, stdin="\n".join(some_texts) + "\n")
        rows = [json.loads(line) for line in output.splitlines() if line.strip()]
        if len(rows) != len(some_texts):
            raise RuntimeError(f"{len(some_texts)} texts in, {len(rows)} rows out")
        if setting.task == "tokens":
            return [torch.stack([vector(word, labels) for word in row["words"]]) for row in rows]
        return [vector(row, labels) for row in rows]


def vector(row, labels):
    """`logits` as an object by label, or as a list in the order of the labels."""
    found = row["logits"]
    return torch.tensor([found[label] for label in labels] if isinstance(found, dict) else found).double()


# --- checks ---------------------------------------------------------------------------------------


class Report:
    def __init__(self):
        self.faults = 0

    def compare(self, setting, what, one, two):
        shapes = [tuple(x.shape) for x in one], [tuple(x.shape) for x in two]
        if shapes[0] != shapes[1]:
            self.line(setting, what, False, f"shapes differ: {shapes[0]} and {shapes[1]}")
            return
        apart = max((x - y).abs().max().item() for x, y in zip(one, two))
        # "not (a <= b)" rather than "a > b", so that NaN is a fault.
        self.line(setting, what, apart <= TOLERANCE, f"largest difference {apart:.1e}")

    def line(self, setting, what, good, remark):
        self.faults += not good
        print(f"{'ok  ' if good else 'FAIL'}  {setting.name:24} {what:44} {remark}", flush=True)


def check_python(setting, adapter, folder, tokenizer, labels, report):
    """Returns the logits that everybody else has to reproduce."""
    some = texts(setting.task)
    model = peer.write_adapter(BASE, adapter, setting, labels, seed=1)
    expected = peer.logits(model, tokenizer, setting, some)

    sees = peer.sees_the_future(model, tokenizer, setting.task, some[0])
    report.line(setting, "mask", sees == (setting.attention == "unmasked"), f"sees the future: {sees}")

    again = peer.with_adapter(BASE, adapter, setting, labels)
    report.compare(setting, "PEFT adapter, loaded again", expected, peer.logits(again, tokenizer, setting, some))

    again.merge_and_unload().save_pretrained(folder)
    merged, found = peer.merged_model(folder, setting)
    report.compare(setting, "PEFT merge, plain transformers", expected, peer.logits(merged, tokenizer, setting, some))
    report.line(setting, "PEFT merge, labels", found == labels, f"{len(found)} labels")
    sees = peer.sees_the_future(merged, tokenizer, setting.task, some[0])
    report.line(setting, "PEFT merge, mask", sees == (setting.attention == "unmasked"), f"sees the future: {sees}")
    return expected


def check_discern(discern, setting, adapter, expected, folder, tokenizer, labels, report):
    some = texts(setting.task)
    read = discern.logits(adapter, setting, labels, some, foreign=True)
    report.compare(setting, "a  PEFT adapter → discern", expected, read)

    run = folder / "run"
    discern.train(setting, folder, run)
    own = discern.labels(run)
    ours = discern.logits(run, setting, own, some)
    theirs = peer.with_adapter(BASE, run, setting, own)
    report.compare(setting, "b  discern adapter → PEFT", ours, peer.logits(theirs, tokenizer, setting, some))
    untrained = all(
        torch.count_nonzero(parameter) == 0
        for name, parameter in theirs.named_parameters()
        if "lora_B" in name
    )
    report.line(setting, "b  the adapter has learnt something", not untrained, "")

    # Merging folds the calibration into the head.
    discern.calibrate(setting, folder, run)
    ours = discern.logits(run, setting, own, some)
    merged = folder / "merged"
    discern.merge(run, merged)
    plain, found = peer.merged_model(merged, setting)
    report.compare(setting, "c  calibrated discern merge → transformers", ours, peer.logits(plain, tokenizer, setting, some))
    report.line(setting, "c  labels", found == own, f"{len(found)} labels")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--discern", help="the command to test; without it only the Python half runs")
    parser.add_argument("--only", help="one setting, by name")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.from_file(str(BASE / "tokenizer.json"))
    report = Report()

    chosen = [setting for setting in SETTINGS if arguments.only in (None, setting.name)]
    if not chosen:
        parser.error(f"no setting {arguments.only}; there are {', '.join(s.name for s in SETTINGS)}")
    for setting in chosen:
        # PEFT's folder has no names of labels; these are what transformers calls them then.
        labels = [f"LABEL_{index}" for index in range(5)]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            adapter = folder / "peft-adapter"
            try:
                expected = check_python(
                    setting, adapter, folder / "peft-merged", tokenizer, labels, report)
                if arguments.discern:
                    discern = Discern(arguments.discern)
                    check_discern(
                        discern, setting, adapter, expected, folder, tokenizer, labels, report)
            except Exception as error:  # the other settings still run
                report.line(setting, type(error).__name__, False, str(error))

    print(f"{len(chosen)} settings, {report.faults} faults")
    sys.exit(1 if report.faults else 0)


if __name__ == "__main__":
    main()
