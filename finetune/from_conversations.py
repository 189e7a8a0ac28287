"""Conversations from other programs in, candidates out: how people of the company answered.

Conversation -> for each reply of a person: the reply in the company's voice; an answer, where the documents say it
"""

from collections.abc import Iterable, Iterator

from agents.transcript import Message
from finetune.candidates import Candidate, Dropped
from finetune.conversations import Conversation, merged
from finetune.from_transcripts import answers_from
from finetune.serving import Serving, in_turns


def candidates(conversations: Iterable[Conversation], serving: Serving) -> Iterator[Candidate | Dropped]:
    """Yield what may be learned from conversations of other programs."""
    for conversation in conversations:
        said = merged(conversation.said)
        if said and conversation.rating == "down":
            yield Dropped("rated down", said[0].content, conversation.source)
            continue
        if len(said) < 2:
            yield Dropped("not answered", said[0].content if said else "", conversation.source)
        for place in range(1, len(said), 2):
            question, reply = said[place - 1], said[place]
            if not reply.by_person:
                yield Dropped("no person's reply", question.content, conversation.source)
                continue
            history = in_turns(Message(one.role, one.content) for one in said[: place - 1])
            yield from answers_from(
                question.content,
                history,
                reply.content,
                serving=serving,
                source=conversation.source,
                conversation=conversation.id,
                kind="import",
            )
