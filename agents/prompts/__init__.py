"""Every prompt of the project, in one place.

    render(Pointing(...) | Reading(...) | Verifying(...) | Writing(...) | Rewriting(...) | Steps(...) | Acting(...)
           | Asking(...) | Extracting(...) | Voicing(...)) -> messages

Training examples are rendered by this function too, so that what a model was trained on is what it is asked. The static
part stands first, which lets a back end keep it cached. Text of documents and customers only ever stands in user
messages, between marks, never among the instructions, and holds no mark that begins a turn.
"""

from langchain_core.messages import BaseMessage

from agents.prompts.answers import (
    NOT_FOUND,
    NOT_STATED,
    READ,
    Excerpt,
    Pointing,
    Reading,
    Verifying,
    Writing,
    foreign,
    nearest,
    partly,
    refusal,
    without_foreign,
    without_partly,
)
from agents.prompts.asking import Asking
from agents.prompts.extracting import Extracting
from agents.prompts.next_call import Acting
from agents.prompts.rewriting import Rewriting
from agents.prompts.steps import Steps
from agents.prompts.turn_marks import without_turn_marks
from agents.prompts.voicing import Voicing

__all__ = [
    "NOT_FOUND",
    "NOT_STATED",
    "READ",
    "Acting",
    "Asking",
    "Excerpt",
    "Extracting",
    "Pointing",
    "Reading",
    "Rewriting",
    "Steps",
    "Verifying",
    "Voicing",
    "Writing",
    "foreign",
    "nearest",
    "partly",
    "refusal",
    "render",
    "without_foreign",
    "without_partly",
    "without_turn_marks",
]


def render(
    prompt: Pointing | Reading | Verifying | Writing | Rewriting | Steps | Acting | Asking | Extracting | Voicing,
) -> list[BaseMessage]:
    """Return the messages that a model gets."""
    return [_within_its_turn(message) for message in prompt.messages()]


def _within_its_turn(message: BaseMessage) -> BaseMessage:
    text = without_turn_marks(message.text)
    return message if text == message.text else message.model_copy(update={"content": text})
