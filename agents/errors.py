"""What can go wrong in `agents`, by who reads it.

AgentError            the operator: says what failed, the value, the next command
├── ModelUnavailable  the language model cannot be loaded, or does not answer
└── LoopsUnavailable  where loops wait for a yes cannot be read or written
ToolError             the model: says what to do instead; the loop hands it back and goes on
├── NotIdentified     the model, and soon the customer: it must be known first who they are
└── ToolRefusal       the model and the customer: a rule of the company forbids it
HandOver              the loop: a person must take over; a tool raises it, or the code that calls tools
└── StateUnknown      nobody knows whether a write happened
"""


class AgentError(Exception):
    """The root of this package's errors for operators; `str(error)` is fit to print."""


class ModelUnavailable(AgentError):
    """The language model's file or server is missing, or it stopped answering."""


class LoopsUnavailable(AgentError):
    """The server that keeps where loops wait does not answer; whoever keeps them there raises this."""


class ToolError(Exception):
    """Raised by a tool with a sentence for the model."""


class NotIdentified(ToolError):
    """Raised where it must be known first who the customer is; a second one in a turn is put to the customer."""


class ToolRefusal(ToolError):
    """Raised by a tool where a rule of the company forbids what was asked.

    The sentence is in the customer's language and may be shown to them; it repeats no argument that was not found in
    the company's own records.
    """


class HandOver(Exception):
    """Raised where a person must take over; `str(error)` tells that person why."""


class StateUnknown(HandOver):
    """A write was begun and its end is not known: it must be looked at by a person, never tried again."""
