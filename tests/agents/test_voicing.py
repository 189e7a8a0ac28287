import pytest

from agents.errors import AgentError
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.prompts import Voicing
from agents.voicing import revoice

ASKED = Voicing("Where is order 10442?", "It will be delivered on 3 May!!", "- No exclamation marks.")


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ("Dear Ms Olsen, it arrives on 3 May.", True),
        ("Order 10442 arrives on 3 May.", True),
        ("It arrives on 4 May.", False),
        ("It arrives soon.", False),
        ("It arrives on 3 May, and you get 5 euros.", False),
        ("", False),
    ],
)
def test_a_reply_counts_only_with_all_facts_and_no_other(said: str, counts: bool) -> None:
    model = LoadedModel("scripted", ScriptedChat([said]))
    assert revoice(ASKED, model) == ((said, True) if counts else (ASKED.reply, False))


def test_without_a_model_it_is_told() -> None:
    with pytest.raises(AgentError, match="needs a model"):
        revoice(ASKED, LoadedModel("none", None))
