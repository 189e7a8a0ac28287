"""Is the clock to be believed, before something is deleted for its age?

    when it was looked last, now -> go on, or wait for a day

A clock that stands years ahead makes everything too old at once, and what was deleted does not come back when the clock
is set. So what follows a leap of more than a week is put off by a day, in which somebody reads the log. A machine that
was off for as long waits that day too.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assistant.errors import StoreError

FILE = "swept.json"
LEAP = timedelta(days=7)
WAIT = timedelta(hours=23)
"""Less than the day after which a server looks again."""


def check(file: Path, *, newest: datetime | None, at: datetime) -> None:
    """Note that it was looked at this moment.

    Args:
        file: Where that is noted.
        newest: The newest moment that is stored, which stands for the last look where none is noted.
        at: What the clock says.

    Raises:
        StoreError: The clock has leapt, or the note cannot be kept; nothing is to be deleted yet.
    """
    noted = _read(file)
    last, waits_from = noted.get("at"), noted.get("waits_from")
    if waits_from is not None and at < waits_from:
        waits_from = None  # the clock was set back since
    leapt_from = last or newest
    if waits_from is None and leapt_from is not None and at - leapt_from > LEAP:
        waits_from = at
    waits = waits_from is not None and at - waits_from < WAIT
    _write(file, {"at": at, "waits_from": waits_from if waits else None})
    if waits:
        raise StoreError(
            f"This machine's clock says {at:%Y-%m-%d}, more than {LEAP.days} days after it was looked last for what is "
            "too old, so nothing was deleted yet. Next: set the clock if that is wrong; if it is right, it is done in "
            "a day, or at once with frontdesk forget --sweep --yes"
        )


def _read(file: Path) -> Mapping[str, datetime]:
    """Return the moments of a note; none where there is no note that can be read."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return {name: datetime.fromisoformat(moment).astimezone(UTC) for name, moment in data.items() if moment}
    return {}


def _write(file: Path, moments: Mapping[str, datetime | None]) -> None:
    written = file.with_suffix(".json.new")
    try:
        data = {name: moment.isoformat() if moment else None for name, moment in moments.items()}
        written.write_text(json.dumps(data), encoding="utf-8")
        written.replace(file)
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written ({error.strerror}), so nothing was deleted for its age. "
            "Next: see that the folder may be written and its disk is not full, then frontdesk forget --sweep"
        ) from error
