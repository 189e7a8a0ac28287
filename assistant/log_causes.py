"""What an operator can mend is one line of the log: what failed, the cause, the next command.

record with an error that says all this -> filter -> its sentence in place of the traceback

A full disk fails every request, and eighty lines for each would bury the one that says what to do. Bugs keep theirs;
where the log is at its finest (`log_level = "debug"`) all do.
"""

import logging

from agents.errors import AgentError
from assistant.errors import Forestalled, NotStored, StoreError
from knowledge.errors import KnowledgeError


class CauseFilter(logging.Filter):
    """Belongs on a handler, before whatever reads the messages."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the traceback of an operator's error, and let the record pass."""
        error = record.exc_info[1] if record.exc_info else None
        is_ours = isinstance(error, KnowledgeError | AgentError | StoreError)
        is_nobodys_fault = isinstance(error, NotStored | Forestalled)
        if not is_ours or is_nobodys_fault or logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
            return True
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a wrong format is the handler's to report, with the line that has it
            return True
        record.msg, record.args = f"{message}: {error}", None
        record.exc_info = record.exc_text = None
        return True
