"""Ready examples from files in, candidates out: labels, extractions, replies, plain text."""

from collections.abc import Iterable, Iterator

from agents.prompts import NOT_FOUND
from finetune.data.candidates import Candidate, Kind
from finetune.data.leakage import asked_of
from finetune.examples import Example

KINDS: dict[str, Kind] = {"intent": "label", "agent": "step", "voice": "reply", "answer": "answer"}


def candidates(found: Iterable[Example]) -> Iterator[Candidate]:
    """Yield each example as a candidate."""
    for example in found:
        refuses = example.task == "answer" and str(example.messages[-1]["content"]).strip() == NOT_FOUND
        kind = "refusal" if refuses else KINDS.get(example.task, "import")
        yield Candidate(example, asked_of(example), kind, is_imported=True)
