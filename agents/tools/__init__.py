"""What an agent may do, one tool a file.

A typed function with a docstring is the whole of a tool; its texts are its description to the model:

    def order_status(context: ToolContext, order: Annotated[str, "The order's number, such as A-1017"]) -> str:
        "Return where an order is now."

    TOOL = Tool(order_status, effect="read")

A further tool is one such file and one line in `TOOLS`, or a dotted name in the settings when it lives in a company's
own package.
"""

from agents.tools.context import Sighting, Sightings, ToolContext
from agents.tools.tool import IDENTIFIES, Effect, Tool, load_tools

TOOLS: dict[str, str] = {
    "search_knowledge": "agents.tools.search_knowledge:TOOL",
}

__all__ = ["IDENTIFIES", "TOOLS", "Effect", "Sighting", "Sightings", "Tool", "ToolContext", "load_tools"]
