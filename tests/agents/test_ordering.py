import pytest

from agents.ordering import in_order
from agents.statements import Statement, statements_of
from tests.agents.found_passages import passage

STEPS = "On Windows:\n\n1. Install it.\n2. Sign in. Then wait.\n3. Restart.\n\nIt takes an hour."
COMMANDS = "On Linux:\n\nsudo apt install ./warden.deb\nwarden fetch --user ada\nsystemctl start warden"


def quoted(text: str, *order: str) -> list[Statement]:
    """Return the statements that begin so, in this order."""
    found = statements_of([passage(text)])
    return [next(statement for statement in found if statement.text.startswith(begin)) for begin in order]


@pytest.mark.parametrize(
    ("text", "order", "shown"),
    [
        (STEPS, ["3.", "It takes", "1.", "2."], ["1.", "It takes", "2.", "3."]),
        (COMMANDS, ["warden", "systemctl", "sudo"], ["sudo", "warden", "systemctl"]),
        ("Ask Ada.\n\n1. Wait.\n\n2. Leave.", ["2.", "1."], ["2.", "1."]),
        ("At the door\nIn the yard\nOn the roof", ["On", "At"], ["On", "At"]),
        (
            "Code: W-1 | Do: warden --tcp\nCode: W-2 | Do: warden --udp",
            ["Code: W-2", "Code: W-1"],
            ["Code: W-2", "Code: W-1"],
        ),
        ("It is old. It is green. It is tall.", ["It is tall", "It is old"], ["It is tall", "It is old"]),
    ],
)
def test_steps_and_commands_stand_in_their_order(text: str, order: list[str], shown: list[str]) -> None:
    found = [statement.text for statement in in_order(quoted(text, *order))]
    assert all(said.startswith(begin) for said, begin in zip(found, shown, strict=True)), found


def test_steps_of_two_lists_keep_their_places() -> None:
    there, here = (quoted(STEPS.replace("Install", name), "3.", "1.") for name in ("Buy", "Rent"))
    here = [Statement(passage(one.passage.text, "b.md"), one.start, one.end, 0.0) for one in here]
    found = in_order([there[0], here[0], there[1], here[1]])
    assert [(one.passage.document, one.text[:2]) for one in found] == [
        ("a.md", "1."), ("b.md", "1."), ("a.md", "3."), ("b.md", "3."),
    ]  # fmt: skip
