"""Prints Sources/Formats/Tokenizer/NFCTable.swift: the canonical decompositions of Unicode.

    python3 Scripts/reference/nfc_table.py > Sources/Formats/Tokenizer/NFCTable.swift
"""
import textwrap
import unicodedata

runs, previous = [], None
for code in range(0x110000):
    if 0xD800 <= code < 0xE000 or 0xAC00 <= code <= 0xD7A3:  # surrogates; Hangul is computed
        continue
    decomposition = unicodedata.decomposition(chr(code))
    if not decomposition or decomposition.startswith("<"):
        continue
    parts = decomposition.split()
    entry = "+".join(part.lstrip("0") for part in parts)
    if len(parts) == 2 and unicodedata.normalize("NFC", chr(code)) != chr(code):
        entry += "!"
    if previous == code - 1:
        runs[-1] += " " + entry
    else:
        runs.append("%X: %s" % (code, entry))
    previous = code

print(f"// Made by Scripts/reference/nfc_table.py from Unicode {unicodedata.unidata_version}.")
print()
print("extension NFC {")
print("  /// Runs of neighbours, `first: decomposition decomposition …;`, in hexadecimal; `!` marks those never composed.")
print('  static let decompositions = """')
lines = textwrap.wrap("; ".join(runs), 94, break_on_hyphens=False)
for line in lines:
    print("    " + line + (" \\" if line != lines[-1] else ""))
print('    """')
print("}")
