"""The reference: label-supervised adaptation in transformers + PEFT, as LS-LLaMA and LS-unLLaMA do it."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import torch.nn.functional as F
from peft import LoraConfig, TaskType, get_peft_model
from torch import nn
from transformers import AutoModel

ALL7 = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def set_unmask(backbone, unmask: bool):
    """Removes the causal mask in transformers 5.x while padding stays masked.

    With config.is_causal = False, create_causal_mask builds a bidirectional mask that hides padding only, for
    the attention implementations eager and sdpa. The flag of each attention module is set as well, so that the
    path of sdpa without a mask never falls back to causal.
    """
    backbone.config.is_causal = not unmask
    for module in backbone.modules():
        if hasattr(module, "is_causal") and hasattr(module, "q_proj"):
            module.is_causal = not unmask


def at_least_float(logits):
    """Logits as the loss takes them: in float32, or in float64 where the model computes in it."""
    return logits if logits.dtype == torch.float64 else logits.float()


class LSModel(nn.Module):
    """Backbone and head `score`.

    The names (model.*, score.*) equal those of the *ForSequenceClassification and *ForTokenClassification
    classes of transformers, so PEFT adapters are interchangeable with these.

    pooling, sequence task: last | max | mean over the tokens' logits, as the published code does; hmax takes the
    maximum over hidden states first.

    pad_mode: masked = padding is never attended to and left out of pooling;
    official = what the published unmasking classes do, an all-zero additive mask: padding is attended to, and
    max and mean run over padded positions as well (only with unmask).
    """

    def __init__(
        self,
        backbone,
        num_labels,
        task,
        unmask=False,
        pooling="last",
        pad_mode="masked",
        head_dropout=0.1,
    ):
        super().__init__()
        self.model = backbone
        self.config = backbone.config
        self.num_labels = num_labels
        self.task = task
        self.unmask = unmask
        self.pooling = pooling
        self.pad_mode = pad_mode
        width = backbone.config.hidden_size
        self.score = nn.Linear(width, num_labels, bias=(task == "token"), dtype=backbone.dtype)
        nn.init.normal_(self.score.weight, std=getattr(backbone.config, "initializer_range", 0.02))
        if task == "token":
            nn.init.zeros_(self.score.bias)
        self.dropout = nn.Dropout(head_dropout) if task == "token" else nn.Identity()
        set_unmask(backbone, unmask)

    def prepare_inputs_for_generation(self, *arguments, **options):
        """PEFT looks for it on some task types."""
        raise NotImplementedError

    @property
    def sees_padding(self):
        return self.pad_mode == "official" and self.unmask

    def forward(self, input_ids=None, attention_mask=None, labels=None, **_):
        seen = torch.ones_like(attention_mask) if self.sees_padding else attention_mask
        hidden = self.model(
            input_ids=input_ids, attention_mask=seen, use_cache=False
        ).last_hidden_state
        if self.task == "token":
            logits = self.score(self.dropout(hidden))
            loss = None
            if labels is not None:
                loss = F.cross_entropy(
                    at_least_float(logits).view(-1, self.num_labels), labels.view(-1), ignore_index=-100)
        else:
            logits = self.pooled_logits(hidden, seen.bool(), attention_mask)
            loss = F.cross_entropy(at_least_float(logits), labels) if labels is not None else None
        return {"loss": loss, "logits": logits, "hidden": hidden}

    def pooled_logits(self, hidden, counted, attention_mask):
        if self.pooling == "last":
            last = attention_mask.long().cumsum(1).argmax(1)
            return self.score(hidden[torch.arange(hidden.shape[0]), last])
        lowest = torch.finfo(hidden.dtype).min
        if self.pooling == "hmax":
            return self.score(hidden.masked_fill(~counted[..., None], lowest).amax(1))
        logits = self.score(hidden)
        if self.pooling == "max":
            return logits.masked_fill(~counted[..., None], lowest).max(1).values
        if self.pooling == "mean":
            weight = counted[..., None].to(logits.dtype)
            return (logits * weight).sum(1) / weight.sum(1)
        raise ValueError(self.pooling)


def load_backbone(folder, dtype=torch.float32, attention="sdpa"):
    model = AutoModel.from_pretrained(folder, dtype=dtype, attn_implementation=attention)
    model.config.use_cache = False
    return model


def add_lora(model, rank=12, alpha=32, dropout=0.1, targets=("q_proj", "v_proj"), rslora=False):
    task_type = TaskType.TOKEN_CLS if model.task == "token" else TaskType.SEQ_CLS
    config = LoraConfig(
        task_type=task_type,
        inference_mode=False,
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=list(targets),
        use_rslora=rslora,
    )
    return get_peft_model(model, config)


def param_groups(model, weight_decay):
    """As transformers.Trainer: no weight decay on biases and norms."""
    decayed, plain = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            exempt = name.endswith("bias") or "norm" in name
            (plain if exempt else decayed).append(parameter)
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
