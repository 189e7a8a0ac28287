"""Log lines without personal data, whoever wrote them.

record -> filter -> message and traceback with [email], [phone], … in place of what they were
"""

import logging

from agents.privacy import redact


class PrivacyFilter(logging.Filter):
    """Belongs on a handler, which sees the records of all loggers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace what a record says, and let it pass."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a wrong format is the handler's to report, with the line that has it
            return True
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True
