"""transformers + PEFT on a tiny model: load, adapt, and compute logits text by text, without padding."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from tokenizers import Tokenizer
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    logging,
)

# The reports on heads that are not in the checkpoint are expected here.
logging.set_verbosity_error()
logging.disable_progress_bar()

CLASSES = {
    "sequence": AutoModelForSequenceClassification,
    "tokens": AutoModelForTokenClassification,
}


@dataclass(frozen=True)
class Setting:
    """One way to use a model. Pooling other than `last` is not part of transformers; `logits` does it here."""

    task: str  # sequence | tokens
    attention: str  # causal | unmasked
    pooling: str = "last"  # last | mean | first

    @property
    def name(self):
        pooled = f"-{self.pooling}" if self.task == "sequence" else ""
        return f"{self.task}-{self.attention}{pooled}"


def base_model(folder, setting, labels):
    """The stock class with a fresh head, as the README of an adapter tells users to load it."""
    config = AutoConfig.from_pretrained(
        folder,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    config.is_causal = setting.attention == "causal"
    config.pad_token_id = 0
    return CLASSES[setting.task].from_pretrained(folder, config=config, dtype=torch.float32).eval()


def with_adapter(base, adapter, setting, labels):
    return PeftModel.from_pretrained(base_model(base, setting, labels), adapter).eval()


def merged_model(folder, setting):
    """Nothing is told to transformers: labels, mask and pad token must stand in the folder's config.json."""
    model = CLASSES[setting.task].from_pretrained(folder, dtype=torch.float32).eval()
    return model, [model.config.id2label[index] for index in range(model.config.num_labels)]


def write_adapter(base, adapter, setting, labels, seed):
    """An adapter as if trained: LoRA on all seven projections with B ≠ 0, and a head with clear opinions."""
    torch.manual_seed(seed)
    tasks = {"sequence": TaskType.SEQ_CLS, "tokens": TaskType.TOKEN_CLS}
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    config = LoraConfig(task_type=tasks[setting.task], r=4, lora_alpha=8, target_modules=targets)
    model = get_peft_model(base_model(base, setting, labels), config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.05)
            elif parameter.requires_grad and "score" in name:
                parameter.normal_(std=0.2)
    model.save_pretrained(adapter)
    # PEFT records the path as it was given; make it one that holds from every folder.
    path = Path(adapter) / "adapter_config.json"
    settings = json.loads(path.read_text())
    settings["base_model_name_or_path"] = str(Path(base).resolve())
    path.write_text(json.dumps(settings, indent=2))
    return model.eval()


def encode(tokenizer: Tokenizer, task, text):
    """Token ids, and for the token task the position of each word's first piece."""
    if task == "sequence":
        return tokenizer.encode(text).ids, None
    encoding = tokenizer.encode(text.split(), is_pretokenized=True)
    firsts, previous = [], None
    for position, word in enumerate(encoding.word_ids):
        if word is not None and word != previous:
            firsts.append(position)
        previous = word
    return encoding.ids, firsts


def classification_parts(model):
    """The class with `model` and `score` inside whatever PEFT wraps around it."""
    return model.get_base_model() if isinstance(model, PeftModel) else model


@torch.no_grad()
def logits(model, tokenizer, setting, texts):
    """A list: per text a vector over labels, or for the token task a matrix words × labels."""
    found = []
    for text in texts:
        ids, firsts = encode(tokenizer, setting.task, text)
        ids = torch.tensor([ids])
        if setting.task == "tokens":
            found.append(model(input_ids=ids).logits[0, firsts].double())
        elif setting.pooling == "last":
            found.append(model(input_ids=ids).logits[0].double())
        else:
            parts = classification_parts(model)
            rows = parts.score(parts.model(input_ids=ids).last_hidden_state)[0].double()
            found.append(rows.mean(0) if setting.pooling == "mean" else rows[0])
    return found


@torch.no_grad()
def sees_the_future(model, tokenizer, task, text):
    """Whether the first token's state depends on the last token."""
    ids, _ = encode(tokenizer, task, text)
    inner = classification_parts(model).model
    one = inner(input_ids=torch.tensor([ids])).last_hidden_state[0, 0]
    two = inner(input_ids=torch.tensor([[*ids[:-1], ids[-1] - 1]])).last_hidden_state[0, 0]
    return not torch.equal(one, two)
