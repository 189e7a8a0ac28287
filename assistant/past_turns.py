"""What a conversation holds before a turn, as the next answer needs it.

store + conversation + turn -> messages · results of tools · how the turns ended
"""

from agents.said import Said, messages
from agents.transcript import Message, Outcome
from assistant.store import Store, StoredTurn
from assistant.ticket_contents import PERSON

HISTORY_TURNS = 10
RESULT_TURNS = 6
"""From so many turns before, results of tools count as known in the conversation."""
SEARCH = "search_knowledge"


def history(store: Store, conversation: str, turn: int) -> tuple[Message, ...]:
    """Return what was said in the latest turns that have an answer."""
    turns = [before for before in _earlier(store, conversation, turn) if before.answer]
    return messages(
        Said(before.question, before.text, _outcome(before) or "", _is_by_person(before))
        for before in turns[-HISTORY_TURNS:]
    )


def results(store: Store, conversation: str, turn: int) -> tuple[tuple[str, str], ...]:
    """Return what tools returned in the turns before: (tool, text)."""
    found = []
    for number in range(max(1, turn - RESULT_TURNS), turn):
        for step in store.steps(conversation, number):
            data = step.data
            if data["kind"] == "tool_returned" and data["ok"]:
                found.append((str(data["tool"]), str(data["content"])))
            elif data["kind"] == "acted" and data["state"] == "done":
                found.append((str(data["tool"]), str(data["text"])))
    return tuple(found)


def follows_tools(store: Store, conversation: str, turn: int) -> bool:
    """Say whether the turn before used a tool beyond the search of documents; what a person adds to it is none."""
    before = next((one for one in reversed(_earlier(store, conversation, turn)) if not _is_by_person(one)), None)
    steps = store.steps(conversation, before.turn) if before is not None else ()
    return any(step.data.get("tool", SEARCH) != SEARCH for step in steps)


def outcomes(store: Store, conversation: str, turn: int) -> list[Outcome]:
    """Return how the earlier turns ended since the assistant last had the conversation."""
    found: list[Outcome] = []
    for before in _earlier(store, conversation, turn):
        outcome = _outcome(before)
        found = [] if outcome == "handed_over" else [*found, outcome] if outcome else found
    return found


def _earlier(store: Store, conversation: str, turn: int) -> list[StoredTurn]:
    return [before for before in store.transcript(conversation) if before.turn < turn]


def _is_by_person(turn: StoredTurn) -> bool:
    return turn.answer is not None and turn.answer["model"] == PERSON


def _outcome(turn: StoredTurn) -> Outcome | None:
    """Return how a turn ended; None for one that was stopped or still runs."""
    if turn.answer is not None:
        outcome: Outcome = turn.answer["outcome"]
        return outcome
    return "failed" if turn.status == "failed" else None
