"""Today, from one place: what is to come, and what is over."""

import datetime


def today() -> datetime.date:
    """Return the date where this computer stands."""
    return datetime.date.today()
