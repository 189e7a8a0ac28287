"""What the proofs are given and what they return.

Served + Trained (+ Reference) = Trial -> Proof, one for each claim
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.models.chat_template import ChatTemplate
from finetune.ollama.ollama_template import without_bos
from finetune.ollama.reference import Reference
from finetune.ollama.served import Served


@dataclass(frozen=True, slots=True)
class Proof:
    """One claim and whether it held."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Trained:
    """What the model was trained on, as its release says."""

    template: ChatTemplate
    adds_bos: bool
    """Whether the server itself opens each prompt with BOS."""
    stops: tuple[str, ...]
    context_tokens: int
    """The longest prompt and reply together that Frontdesk will send."""
    system: str = ""
    """The system message that stood in training and must be sent where a client sends none."""
    protocol: str = "json"
    unequal: tuple[str, ...] = ()
    """Conversations that no TEMPLATE can render equal; Frontdesk sends its own prompts."""
    prompts: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    """Further conversations to compare, such as the prompts that serve."""

    def rendered(self, messages: Sequence[Mapping[str, Any]], *, tools: Sequence[Mapping[str, Any]] = ()) -> str:
        """Return the training text of a conversation, the release's system message put first where it has none."""
        if self.system and messages[0]["role"] != "system":
            messages = [{"role": "system", "content": self.system}, *messages]
        return self.template.render(messages, tools=tools)

    def sent(self, text: str) -> str:
        """Return a training text as it is sent raw."""
        return without_bos(text, bos=self.template.bos, adds_bos=self.adds_bos)


@dataclass(frozen=True, slots=True)
class Trial:
    """All that the proofs share."""

    served: Served
    trained: Trained
    reference: Reference | None = None
    """The model's file in llama.cpp; None where it is not on this machine."""
    exact: bool = True
    """Whether the file has 16-bit weights, which every engine computes alike; others are judged in llama.cpp."""
    folder: Path | None = None
    """The same weights as a Hugging Face folder, to be compared with transformers too."""
    tokens: int = 16
    """How long the compared replies are."""
    long_tokens: int = 1500
    """About how long the long prompt is; never more than fits the context."""
