"""A reply that is right, said as the company says things.

    question + reply + guide -> model -> reply, or the reply as it was

What the model writes counts only when it keeps every number, date, link and code of the reply and adds none.
"""

from agents.checks.figures import exact_parts
from agents.errors import AgentError
from agents.models import LoadedModel
from agents.prompts import Voicing, render

REPLY_TOKENS = 400


def revoice(asked: Voicing, model: LoadedModel) -> tuple[str, bool]:
    """Return the reply in the company's voice, and whether it is the model's: else it is the reply as it was.

    Raises:
        AgentError: there is no model.
        ModelUnavailable: the model does not answer.
    """
    said = propose(asked, model)
    kept = exact_parts(asked.reply) <= exact_parts(said) <= exact_parts(asked.reply) | exact_parts(asked.question)
    return (said, True) if said and kept else (asked.reply, False)


def propose(asked: Voicing, model: LoadedModel) -> str:
    """Return what the model writes, whatever it is; for measuring.

    Raises:
        AgentError: there is no model.
        ModelUnavailable: the model does not answer.
    """
    if model.chat is None:
        raise AgentError("A voice needs a model. Next: give --model embedded, ollama:NAME or openai:NAME.")
    return model.chat.invoke(render(asked), max_tokens=REPLY_TOKENS, temperature=0.0).text.strip()
