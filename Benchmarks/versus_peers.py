"""Runs Discern and the Python stack in turns on the same batches and prints ratios. Called by versus-peers."""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
TEXT = "The brake on bike 2281 does nothing at all."

# Title, case of Discern, case of the peer.
CASES = [
    ("train, short texts, q,v", "train-short-qv", "train-short-qv"),
    ("train, short texts, all seven", "train-short-all", "train-short-all"),
    ("train, 16 × 128, q,v", "train-uniform-qv", "train-uniform-qv"),
    ("train, 16 × 128, all seven", "train-uniform-all", "train-uniform-all"),
    ("infer, short texts, batches of 8", "infer-short", "infer-short"),
    ("infer, short texts, peer sorts by length", "infer-short", "infer-short-sorted"),
    ("infer, one text of 12", "infer-one", "infer-one"),
    ("cold start, GGUF", "cold-start-gguf", "cold-start"),
    ("cold start, safetensors", "cold-start-safetensors", "cold-start"),
]


def run(command):
    """Standard output, seconds on the wall and peak memory of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"versus-peers: {' '.join(map(str, command))} ended with {process.returncode}")
    return output, seconds, 1024 * usage.ru_maxrss


class Comparison:
    def __init__(self, options):
        self.options = options
        self.rows = []
        self.lengths = {}

    def record(self, round_number, system, case):
        row = {
            "round": round_number,
            "system": system,
            "case": case["name"],
            "tokens": case.get("tokens", ""),
            "seconds": case["seconds"],
            "percent_of_peak": case.get("percent_of_peak", ""),
            "peak_memory": case["peak_memory"],
        }
        self.rows.append(row)
        speed = f"{row['tokens'] / row['seconds']:9.1f} tokens/s" if row["tokens"] else ""
        print(f"  {system:8} {row['case']:24} {row['seconds']:9.4f} s {speed}", file=sys.stderr, flush=True)

    def bench(self, round_number, what):
        """Discern on a case, then the peer on batches of the same lengths."""
        options = self.options
        shared = ["--what", what, "--repeats", options.repeats, "--threads", options.threads]
        output, _, _ = run([options.discern, "bench", "--model", options.gguf, "--json", "--quiet", *shared])
        for case in json.loads(output)["cases"]:
            self.lengths[what] = case["lengths"]
            self.record(round_number, "discern", case)
        lengths = json.dumps(self.lengths[what])
        output, _, _ = run(
            [options.python, HERE / "peer.py", "--model", options.hf, "--lengths", lengths, *shared])
        for case in json.loads(output)["cases"]:
            self.record(round_number, "peer", case)

    def cold_start(self, round_number):
        options = self.options
        threads = ["--threads", options.threads]
        predict = [options.discern, "predict", options.run, TEXT, "--json", *threads, "--model"]
        peer = [options.python, HERE / "peer.py", "--what", "cold-start", "--adapter", options.run,
                "--text", TEXT, *threads, "--model"]
        commands = [
            ("discern", "cold-start-gguf", [*predict, options.gguf]),
            ("peer", "cold-start", [*peer, options.hf]),
        ]
        # A folder that was written from a GGUF file has no tokenizer: the peer then starts from token ids.
        if (Path(options.hf) / "tokenizer.json").exists():
            own = [options.run_hf if word == options.run else word for word in predict]
            commands.insert(1, ("discern", "cold-start-safetensors", [*own, options.hf]))
        for system, name, command in commands:
            _, seconds, memory = run(command)
            if round_number > 0:
                self.record(round_number, system, {"name": name, "seconds": seconds, "peak_memory": memory})

    def medians(self):
        groups = defaultdict(list)
        for row in self.rows:
            groups[row["system"], row["case"]].append(row)
        return {
            key: {
                name: statistics.median(row[name] for row in rows) if rows[0][name] != "" else None
                for name in ("tokens", "seconds", "percent_of_peak", "peak_memory")
            }
            for key, rows in groups.items()
        }

    def table(self):
        medians = self.medians()
        lines = [
            "| what | Discern | of the peak | memory | peer | memory | speed ratio | memory ratio |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for title, ours, theirs in CASES:
            a, b = medians.get(("discern", ours)), medians.get(("peer", theirs))
            if not a or not b:
                continue
            share = f"{a['percent_of_peak']:.1f} %" if a["percent_of_peak"] else ""
            lines.append(
                f"| {title} | {shown(a)} | {share} | {a['peak_memory'] / 1e6:.0f} MB | {shown(b)} "
                f"| {b['peak_memory'] / 1e6:.0f} MB | {b['seconds'] / a['seconds']:.2f} "
                f"| {a['peak_memory'] / b['peak_memory']:.2f} |")
        return "\n".join(lines)


def shown(entry):
    if entry["tokens"] and entry["tokens"] > 12:
        return f"{entry['tokens'] / entry['seconds']:.1f} tokens/s"
    return f"{1e3 * entry['seconds']:.1f} ms"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("discern", "python", "gguf", "hf", "run", "run-hf", "csv"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("what", "rounds", "repeats", "threads"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    known = [ours for _, ours, theirs in CASES if ours == theirs] + ["cold-start"]
    chosen = [name for name in known if options.what == "all" or any(
        name == part or name.startswith(part + "-") for part in options.what.split(","))]
    if not chosen:
        sys.exit(f"versus-peers: --what: found {options.what}; expected all, or some of {','.join(known)}")
    comparison = Comparison(options)
    if "cold-start" in chosen:
        comparison.cold_start(0)  # for the page cache
    for round_number in range(1, int(options.rounds) + 1):
        print(f"round {round_number} of {options.rounds}", file=sys.stderr)
        for what in chosen:
            if what == "cold-start":
                comparison.cold_start(round_number)
            else:
                comparison.bench(round_number, what)
    with open(options.csv, "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(comparison.rows[0]))
        writer.writeheader()
        writer.writerows(comparison.rows)
    print(comparison.table())


if __name__ == "__main__":
    main()
