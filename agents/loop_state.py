"""What the loop works with and comes to: its bounds, the state that a checkpoint keeps, its result.

LoopOptions, Writing -> State, node after node -> LoopResult
"""

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from langchain_core.messages import BaseMessage
from langgraph.channels import UntrackedValue

from agents.approvals import Approvals, Pending
from agents.transcript import Step
from knowledge.passages import Passage

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver


Ending = Literal[
    "answered",
    "steps",
    "time",
    "tokens",
    "failures",
    "garbled",
    "stopped",
    "approval",
    "declined",
    "handed_over",
    "identify",
]
Answered = Literal["yes", "no"]
UNIDENTIFIED = "(unidentified)"
"""Among a state's failures: that the customer was not known."""


@dataclass(frozen=True, slots=True)
class LoopOptions:
    """How far a loop may go."""

    max_steps: int = 6
    """Replies of the model, the last one always an answer."""
    max_seconds: float = 60.0
    """Wall time; the last quarter is kept for the answer."""
    max_tokens: int = 24_000
    """Prompt and reply tokens of all steps together."""
    max_failures: int = 3
    """Tool calls that may go wrong before the model must answer."""
    context_tokens: int = 4096
    """The model's context; results of tools are cut to what still fits."""
    reply_tokens: int = 400
    """The longest single reply."""


@dataclass(frozen=True, slots=True)
class Writing:
    """What the loop needs to do more than read."""

    approvals: Approvals
    saver: "BaseCheckpointSaver[Any]"
    """Keeps where the loop stopped."""
    company: str = ""


@dataclass(frozen=True, slots=True)
class LoopResult:
    """What the loop came to."""

    text: str
    """The model's answer with its markers, unchecked; a polite sentence when there is none; "" when stopped."""
    passages: tuple[Passage, ...]
    """What the markers point at: [1] is the first."""
    evidence: float
    """The best evidence of any search, 0 without one."""
    ended: Ending
    """`answered`, or the budget that ran out; `approval` when a write waits; `handed_over` when a person must help."""
    tokens: int
    records: tuple[str, ...] = ()
    """What the company's own tools returned, in this run of the loop and before it waited."""
    results: tuple[str, ...] = ()
    """All that tools but the search of documents returned, refusals by the company's rules included, oldest first."""
    sayable: tuple[str, ...] = ()
    """Those of them that are fit for the customer as they are."""
    pending: Pending | None = None
    """The write that waits."""
    cause: str = ""
    """Why it was handed over, for the person who takes it."""
    thread: str = ""
    """The run's name."""
    unidentified: bool = False
    """Whether a tool, at the end, still lacked who the customer is."""


class State(TypedDict):
    """What passes between the nodes: plain data and messages, so that a checkpoint holds it."""

    messages: Annotated[list[BaseMessage], operator.add]
    calls: list[dict[str, Any]]
    """The calls of the last reply that are still to be made."""
    steps: Annotated[tuple[Step, ...], UntrackedValue]
    """What the last node did, for the caller."""
    replies: int
    tokens: int
    context_used: int
    failures: int
    faults: int
    """Unreadable replies in a row."""
    done: list[str]
    """The calls that went well, as text."""
    failed: list[str]
    """Those that failed since."""
    text: str
    ended: Ending | None
    pending: dict[str, Any] | None
    """The write that waits: the fields of `Pending`."""
    decision: Answered | None
    """What was decided of it, by the last who had to."""
    records: Annotated[list[str], operator.add]
    results: Annotated[list[str], operator.add]
    sayable: Annotated[list[str], operator.add]
    cause: str
