"""What can go wrong in the app, for the operator who reads it.

    StoreError           the database of conversations cannot be opened, read or written
    ├── StoreTooNew      it was written by a newer Frontdesk
    ├── NotStored        a conversation or turn that does not exist
    ├── KeyTaken         a key that stands for another reply or question; `str(error)` is fit to show
    └── Forestalled      somebody else of the team was faster; says who, and with what
    ServerError          the server cannot start; says who has the port, and the next command
    DeliveryError        a ticket did not reach the company's own system; tried again unless `lasting`
    BundleError          a bundle cannot be made: what is missing, and what cannot be carried
    BackupError          a backup cannot be made or put back; nothing was changed
    TurnRefused          the customer: a question cannot be taken now; `str(error)` is fit to show

`SettingsError` lives beside the settings.
"""


class StoreError(Exception):
    """The database of conversations cannot be used; `str(error)` is fit to print."""


class StoreTooNew(StoreError):
    """The database has a structure that this version does not know."""


class NotStored(StoreError):
    """A conversation, turn or step that the store does not hold."""


class KeyTaken(StoreError):
    """A key under which another text was written already; nothing was done."""


class Forestalled(StoreError):
    """What an operator wanted was done, or made pointless, by somebody else before.

    Args:
        by: Who was faster: an operator's name, "customer", or "" where nobody noted it.
        did: What they did: `replied`, `returned`, `closed`, `approved`, `declined`, `withdrawn`, `settled`, `wrote`.
        said: What the customer was told with a decision; "" for nothing.
    """

    def __init__(self, message: str, *, by: str, did: str, said: str = "") -> None:
        super().__init__(message)
        self.by, self.did, self.said = by, did, said


class ServerError(Exception):
    """The server cannot start; `str(error)` is fit to print."""


class BundleError(Exception):
    """A bundle cannot be made; `str(error)` is fit to print."""


class BackupError(Exception):
    """A backup cannot be made or put back; `str(error)` is fit to print."""


class DeliveryError(Exception):
    """A message that has not arrived; `str(error)` is fit to print.

    Args:
        lasting: Whether trying again is pointless, as the receiver says.
        silent: Whether the receiver said nothing at all, so that the next message would wait as long for nothing.
    """

    def __init__(self, message: str, *, lasting: bool = False, silent: bool = False) -> None:
        super().__init__(message)
        self.lasting, self.silent = lasting, silent


class TurnRefused(Exception):
    """A question that is not taken, with a sentence for the customer."""
