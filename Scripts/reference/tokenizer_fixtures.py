"""Makes the tokenizer fixtures of Tests/FormatsTests/Fixtures with Hugging Face's tokenizers library.

    pip install tokenizers numpy
    python3 Scripts/reference/tokenizer_fixtures.py

stories260K.json (MIT, from karpathy/tinyllamas) must be there already. byte-level.json is a vocabulary trained here on
a few lines; variants.json holds what the families of byte-level tokenizers put around it. The .jsonl files hold rows
{"variant", "text" or "words", "ids", "offsets", "words_of", "decoded"} with the template's tokens.
"""
import json
import pathlib

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

FOLDER = pathlib.Path(__file__).parents[2] / "Tests" / "FormatsTests" / "Fixtures"

CORPUS = [
    "The little dog ran to the park and played with the other dogs all day long.",
    "I'd like to book a table for two at the restaurant; they'll say we've won.",
    "What's the weather like in London on Monday the 24th of December 2024?",
    "naïve café – “quotes” … größer, Ελληνικά, русский язык, 日本語, 한국어",
    "def main():\n    print('hello world')\n\n\treturn 12345.678",
] * 4

TEXTS = [
    "", " ", "  ", "\n", "\r\n\t\n", "Hello world", " leading", "trailing ", "double  spaces   here",
    "It's THEY'LL we'Ve 'tis '\u017fo", "12345 a1b2 \u00bd\u0664\u2163", "na\u00efve caf\u00e9 \u65e5\u672c\u8a9e",
    "\U0001f600\U0001f469\u200d\U0001f467 x", "a\u0000b\u0001c\u007f", "line one\nline two\r\n\ttabbed\n\n\nend",
    "http://example.com/a?b=c&d=%20#frag", "\u00a0nbsp\u2003em\u3000ideographic", "!!!???...\n\n-- ",
    "<s>begin</s> <unk> <0x0A> \u2581marked", "a<|end|>b <|end|>", "x" * 200, "The little dog's 42 dogs\u2028ran.",
    "<special> both  sides", "sidesboth <both>  x <word>y <word> z",
]
WORDS = [["EU", "rejects", "German", "call", "."], ["It", "'s", "", "2024", "na\u00efve", "\U0001f600"], [], [" a ", "b "]]

SPLIT = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LETTERS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"


def byte_level(space, trim, regex):
    return {"type": "ByteLevel", "add_prefix_space": space, "trim_offsets": trim, "use_regex": regex}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def added(id, content, **flags):
    base = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    return {"id": id, "content": content, **base, **flags}


def template(*names):
    single = [{"SpecialToken": {"id": n, "type_id": 0}} for n in names[:-1]]
    single += [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": names[-1], "type_id": 0}}]
    ids = {"<|end|>": 460, "<special>": 461}
    tokens = {n: {"id": n, "ids": [ids[n]], "tokens": [n]} for n in names}
    return {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": tokens}


ADDED = [
    added(460, "<|end|>", special=True), added(461, "<special>", special=True, rstrip=True),
    added(462, "<both>", lstrip=True, rstrip=True), added(463, "<word>", single_word=True, normalized=True),
]
VARIANTS = {
    "gpt2": {"pre_tokenizer": byte_level(False, True, True)},
    "gpt2-space": {"pre_tokenizer": byte_level(True, True, True), "post_processor": byte_level(True, True, True)},
    "llama3": {
        "pre_tokenizer": sequence(split(LETTERS + r"\p{N}{1,3}|" + SPLIT), byte_level(False, True, False)),
        "post_processor": {"type": "Sequence", "processors": [
            byte_level(True, True, True), template("<special>", "<|end|>")]},
        "model": {"ignore_merges": True},
    },
    "qwen2": {
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": sequence(split(LETTERS + r"\p{N}|" + SPLIT), byte_level(False, False, False)),
        "post_processor": byte_level(False, False, False),
    },
    "smollm": {
        "pre_tokenizer": sequence({"type": "Digits", "individual_digits": True}, byte_level(False, True, True)),
        "added_tokens": ADDED,
    },
}


def rows(tokenizer, variant):
    for text in TEXTS + WORDS:
        words = isinstance(text, list)
        encoding = tokenizer.encode(text, is_pretokenized=words)
        row = {"variant": variant, "words" if words else "text": text, "ids": encoding.ids}
        row["offsets"] = [list(offset) for offset in encoding.offsets]
        if words:
            row["words_of"] = [-1 if word is None else word for word in encoding.word_ids]
        else:
            row["decoded"] = tokenizer.decode(encoding.ids)
        yield json.dumps(row, ensure_ascii=False)


def write(name, lines):
    (FOLDER / name).write_text("\n".join(lines) + "\n")


trained = Tokenizer(models.BPE())
trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
trained.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=460, initial_alphabet=alphabet, show_progress=False))
base = json.loads(trained.to_str())
base["decoder"] = byte_level(True, True, True)
base["added_tokens"] = ADDED[:2]
write("byte-level.json", [json.dumps(base, ensure_ascii=False, indent=0)])
write("variants.json", [json.dumps(VARIANTS, ensure_ascii=False, indent=1)])

lines = []
for name, changes in VARIANTS.items():
    model = {**base["model"], **changes.get("model", {})}
    lines += rows(Tokenizer.from_str(json.dumps({**base, **changes, "model": model})), name)
write("byte-level.expected.jsonl", lines)
stories = Tokenizer.from_file(str(FOLDER / "stories260K.json"))
write("stories260K.expected.jsonl", rows(stories, "stories260K"))
