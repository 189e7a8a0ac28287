import threading
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from agents.actions import Preview
from agents.errors import AgentError, ToolError
from agents.tools import TOOLS, Tool, ToolContext, load_tools

CONTEXT = ToolContext(library=None)  # type: ignore[arg-type]


def order_status(
    context: ToolContext,
    order: Annotated[str, "The order's number, such as A-1017."],
    detail: Literal["short", "long"] = "short",
    days: Annotated[int, Field(ge=1, le=30)] = 7,
) -> dict[str, object]:
    """Return where an order is now.

    Args:
        detail: How much to tell,
            in one word.

    Raises:
        ToolError: never.
    """
    return {"order": order, "detail": detail, "days": days, "asked_in": context.language}


TOOL = Tool(order_status, effect="read")
NOT_A_TOOL = "text"


def test_schema_is_made_from_signature_and_docstring() -> None:
    assert TOOL.name == "order_status"
    assert TOOL.description == "Return where an order is now."
    properties = TOOL.parameters["properties"]
    assert set(properties) == {"order", "detail", "days"}, "the context is hidden"
    assert properties["order"] == {"type": "string", "description": "The order's number, such as A-1017."}
    assert properties["detail"]["description"] == "How much to tell, in one word."
    assert properties["detail"]["enum"] == ["short", "long"]
    assert (properties["days"]["minimum"], properties["days"]["maximum"]) == (1, 30)
    assert TOOL.parameters["required"] == ["order"]
    assert TOOL.parameters["additionalProperties"] is False


def test_call_gets_valid_arguments_and_the_context() -> None:
    assert TOOL.call(CONTEXT, {"order": "A-1", "days": "3"}) == (
        '{"order": "A-1", "detail": "short", "days": 3, "asked_in": "en"}'
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "`order` is missing"),
        ({"order": "A", "colour": "red"}, "there is no argument `colour`"),
        ({"order": "A", "days": 99}, "`days`"),
        ({"order": "A", "detail": "medium"}, "'short' or 'long'"),
        ({"order": "A", "context": {}}, "there is no argument `context`"),
    ],
)
def test_wrong_arguments_are_told_to_the_model(arguments: dict[str, object], told: str) -> None:
    with pytest.raises(ToolError, match="was not run") as raised:
        TOOL.call(CONTEXT, arguments)
    assert told in str(raised.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ToolError) as raised:
        TOOL.call(CONTEXT, {"days": 0, "x": 1})
    assert all(name in str(raised.value) for name in ("order", "days", "`x`"))


def test_tool_without_docstring_is_refused() -> None:
    def silent() -> str:
        return ""

    with pytest.raises(AgentError, match="docstring"):
        Tool(silent, effect="read")


def test_argument_without_type_is_refused() -> None:
    def loose(value) -> str:  # type: ignore[no-untyped-def]
        """Do it."""
        return str(value)

    with pytest.raises(AgentError, match="'value'"):
        _ = Tool(loose, effect="read").parameters


def test_what_would_only_fail_at_the_first_call_is_refused() -> None:
    def plain(order: str) -> str:
        """Cancel an order."""
        return order

    async def waited(order: str) -> str:
        """Cancel an order."""
        return order

    def other(number: str) -> Preview:
        return Preview(number)

    def same(order: str) -> Preview:
        return Preview(order)

    def strange(order: threading.Lock) -> str:  # type: ignore[valid-type]
        """Cancel an order."""
        return str(order)

    with pytest.raises(AgentError, match="'delete'; it must be 'read' or 'write'"):
        Tool(plain, effect="delete")  # type: ignore[arg-type]
    with pytest.raises(AgentError, match=r"waited\(\) of the tool 'waited' is async"):
        Tool(waited, effect="write")
    with pytest.raises(AgentError, match="must take the same arguments"):
        Tool(plain, effect="write", preview=other).check()
    with pytest.raises(AgentError, match="cannot be described"):
        Tool(strange, effect="read").check()
    Tool(plain, effect="write", preview=same).check()


def test_names_in_the_table_resolve() -> None:
    tools = load_tools(list(TOOLS), TOOLS)
    assert [tool.name for tool in tools] == list(TOOLS)
    assert all(tool.effect == "read" for tool in tools)


def test_company_adds_its_own_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "company_tools.py").write_text(
        "from agents.tools import Tool\n"
        "def opening_hours() -> str:\n"
        "    'Return when the shop is open.'\n"
        "    return '9 to 5'\n"
        "TOOL = Tool(opening_hours, effect='read')\n"
        "TEXT = 'no tool'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (tool,) = load_tools(["company_tools:TOOL"], TOOLS)
    assert tool.call(CONTEXT, {}) == "9 to 5"
    with pytest.raises(AgentError, match="is not a Tool"):
        load_tools(["company_tools:TEXT"], TOOLS)
    with pytest.raises(AgentError, match="share a name"):
        load_tools(["company_tools:TOOL", "company_tools:TOOL"], TOOLS)


@pytest.mark.parametrize("name", ["nonsense", "no.such.module:TOOL", "agents.tools:NOTHING"])
def test_unknown_tool_is_explained(name: str) -> None:
    with pytest.raises(AgentError, match=name.split(":", maxsplit=1)[0]):
        load_tools([name], TOOLS)
