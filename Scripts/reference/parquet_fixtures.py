#!/usr/bin/env python3
"""Writes the Parquet files of Tests/FormatsTests/Fixtures/parquet, with the rows that a reader must find in them:
named.json where the file names its classes, else rows.json.

Needs pyarrow (written with 26.0.1): python3 Scripts/reference/parquet_fixtures.py
"""
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq

folder = os.path.join(os.path.dirname(__file__), "../../Tests/FormatsTests/Fixtures/parquet")
os.makedirs(folder, exist_ok=True)

COUNT = 60
words = "the cat sat on a mat while seven wizards brewed tea für naïve Gäste 日本 😀".split()
rows = []
for n in range(COUNT):
    rows.append({
        "text": " ".join(words[(n * 7 + k) % len(words)] for k in range(1 + n % 9)) if n % 11 else "",
        "label": n % 3 if n % 13 else -1,
        "score": n / 8 if n % 5 else None,
        "small": n * 1000 - 7,
        "unsigned": 2**32 - 1 - n,
        "wide": (-1) ** n * (2**40 + n),
        "ratio": 0.1 * n,
        "flag": n % 4 == 1 if n % 7 else None,
        "maybe": f"value {n % 4}" if n % 3 else None,
        "tokens": [words[(n + k) % len(words)] for k in range(n % 6)],
        "tags": [(n + k) % 3 for k in range(n % 6)],
        "topics": None if n % 10 == 3 else [f"t{k}" if k != 2 else None for k in range(n % 4)],
    })
schema = pa.schema([
    pa.field("text", pa.string(), nullable=False), ("label", pa.int64()), ("score", pa.float32()),
    ("small", pa.int32()), ("unsigned", pa.uint32()), ("wide", pa.int64()), ("ratio", pa.float64()),
    ("flag", pa.bool_()), ("maybe", pa.string()), ("tokens", pa.list_(pa.string())),
    ("tags", pa.list_(pa.int64())), ("topics", pa.list_(pa.string())),
])
labels, tags = ["sea", "hills", "sky"], ["O", "B-X", "I-X"]
features = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": labels, "_type": "ClassLabel"},
    "tags": {"feature": {"names": tags, "_type": "ClassLabel"}, "_type": "Sequence"},
}
note = {"huggingface": json.dumps({"info": {"features": features}})}
table = pa.Table.from_pylist(rows, schema=schema)
named = [
    row | {"label": labels[row["label"]] if row["label"] >= 0 else None, "tags": [tags[t] for t in row["tags"]]}
    for row in rows
]


def write(name, table, **options):
    path = f"{folder}/{name}.parquet"
    pq.write_table(table, path, **options)
    # What pyarrow itself reads must be what was meant.
    assert pq.read_table(path).to_pylist() == table.to_pylist(), name


def expect(name, rows):
    with open(f"{folder}/{name}.json", "w") as file:
        json.dump(rows, file, ensure_ascii=False, separators=(",", ":"))


expect("rows", rows)
expect("named", named)
hub = table.replace_schema_metadata(note)
write("snappy-v1", hub, compression="snappy", row_group_size=25)
write("zstd-v2", hub, compression="zstd", data_page_version="2.0")
write("gzip-plain", table, compression="gzip", use_dictionary=False, write_page_checksum=True)
# Many pages in a group, a dictionary that is given up for plain values, and levels that are packed bits.
write("pages", table, compression="none", data_page_size=64, dictionary_pagesize_limit=128, write_batch_size=4)
write("snappy-v2", table, compression="snappy", data_page_version="2.0", data_page_size=128, write_batch_size=8)
write("two-level-lists", table, compression="snappy", use_compliant_nested_type=False)
mixed = pa.table({
    "text": ["a", "b"], "when": pa.array([1, 2], pa.timestamp("ms")), "image": pa.array([b"\xff", b"\x00"]),
    "both": pa.array([{"x": 1, "y": "a"}, {"x": 2, "y": "b"}]), "deep": pa.array([[[1]], [[2], []]]),
    "pairs": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
})
write("unsupported", mixed)

# What is refused by name, and a file without rows.
few = pa.table({"text": ["one text", "another text"], "label": pa.array([0.5, 1.5], pa.float32()), "n": [1, 2]})
write("empty", few.slice(0, 0))
for codec in ["lz4", "brotli"]:
    write(f"refused-{codec}", few, compression=codec)
for encoding, column in [
    ("DELTA_BINARY_PACKED", "n"), ("DELTA_LENGTH_BYTE_ARRAY", "text"), ("DELTA_BYTE_ARRAY", "text"),
    ("BYTE_STREAM_SPLIT", "label"),
]:
    write(f"refused-{encoding.lower()}", few, use_dictionary=False, column_encoding={column: encoding})
