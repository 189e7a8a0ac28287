"""Conversations from other programs in, candidates out: how people of the company answered.

    Conversation -> for each reply of a person: the reply in the company's voice; an answer, where the documents say it

Signatures are cut first: a reply's contact lines are nothing that a document says. Whose names stood there, or are told
by the export, is handed on, so that they are found wherever they stand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from agents.transcript import Message, in_turns
from finetune.data.candidates import Candidate, Dropped
from finetune.data.conversations import Conversation, Said, merged
from finetune.data.from_transcripts import answers_from
from finetune.data.signatures import parted, told_as_thing
from finetune.serving import Serving


def candidates(conversations: Iterable[Conversation], serving: Serving) -> Iterator[Candidate | Dropped]:
    """Yield what may be learned from conversations of other programs."""
    for conversation in conversations:
        said, names = _signed(conversation)
        if said and conversation.rating == "down":
            yield Dropped("rated down", said[0].content, conversation.source)
            continue
        if len(said) < 2:
            yield Dropped("not answered", said[0].content if said else "", conversation.source)
        since = 0
        for place in range(1, len(said), 2):
            question, reply = said[place - 1], said[place]
            if not question.content:
                since = place + 1  # nothing before it explains what comes after
                yield Dropped("nothing said", reply.content, conversation.source)
                continue
            if not reply.by_person:
                yield Dropped("no person's reply", question.content, conversation.source)
                continue
            history = in_turns(Message(one.role, one.content) for one in said[since : place - 1])
            for one in answers_from(
                question.content,
                history,
                reply.content,
                serving=serving,
                source=conversation.source,
                conversation=conversation.id,
                kind="import",
            ):
                yield replace(one, names=names)


def _signed(conversation: Conversation) -> tuple[tuple[Said, ...], frozenset[str]]:
    """Return what was said, in turns and without signatures, and the names of those who take part.

    A signature that the conversation also speaks of as a thing names nobody: it would be replaced wherever it stands.
    """
    parts = [parted(one.content) for one in conversation.said]
    texts = [text for text, _ in parts]
    signed = {name for _, names in parts for name in names if not told_as_thing(name, texts)}
    said = [replace(one, content=text) for one, text in zip(conversation.said, texts, strict=True)]
    return merged(said), conversation.names | signed
