"""Which release serves: promoted, or rolled back to the one before, each change in a log.

    home/releases/serving.json  what `model = "auto"` takes, replaced at once (agents.models.promotion reads it)
    home/releases/log.jsonl     a line for each change: when, who, action, from, to, proof, reason

A change counts from the moment serving.json is renamed, and carries its own line of the log: where a crash came before
that was written, the next change writes it.
"""

import getpass
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from agents.errors import AgentError
from agents.models.promotion import RELEASES, SERVING, Promoted, read_promoted
from finetune.errors import FinetuneError
from finetune.releases import Release, check, made_anew, open_release

LOG = "log.jsonl"
LOCK = ".serving.lock"
LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Change:
    """One change of what serves, as a line of the log has it."""

    when: str
    """UTC, ISO 8601."""
    who: str
    """The operating system's user."""
    action: str
    """`promote` or `rollback`."""
    before: str
    """The release that served; "" where none was promoted."""
    after: str
    proof: Mapping[str, Any] | None = None
    """What the comparison found; None where there was none."""
    reason: str = ""

    def line(self) -> dict[str, Any]:
        """Return what the log holds."""
        names = {"when": self.when, "who": self.who, "action": self.action, "from": self.before, "to": self.after}
        return {**names, "proof": self.proof, "reason": self.reason}


def promoted(home: Path) -> Promoted | None:
    """Return which release is promoted; None where none is.

    Raises:
        FinetuneError: the file that says so is damaged.
    """
    try:
        return read_promoted(home / RELEASES)
    except AgentError as error:
        raise FinetuneError(str(error)) from error


def promote(release: Release, *, home: Path, proof: Mapping[str, Any] | None, reason: str = "") -> Change:
    """Let a release serve, from the next start on.

    Args:
        proof: What the comparison with the one in use found; None promotes without.

    Raises:
        FinetuneError: it serves already, lies elsewhere, or its files are not those that were exported.
    """
    if release.folder.resolve() != (home / RELEASES / release.name).resolve():
        raise FinetuneError(
            f"{release.folder} lies outside of {home / RELEASES}, where the server looks. Next: move it there"
        )
    _refuse_changed(release, check(release), made_anew(release))
    with _held(home) as state:
        now = Promoted(release.name, release.fingerprint)
        current = promoted(home)
        if current == now:
            raise FinetuneError(f"The release {release.name!r} is promoted already. Next: frontdesk serve")
        before = [*_earlier(state), *([current] if current else [])]
        change = _change("promote", current, now, proof=proof, reason=reason)
        _switch(home, now, before, change)
    return change


def roll_back(*, home: Path, reason: str = "") -> Change:
    """Let that release serve which served before the present one; of the present one nothing is read.

    Without one before, no release is promoted any more.

    Raises:
        FinetuneError: no release is promoted, or the files of the one before are not those that were exported.
    """
    with _held(home) as state:
        current = promoted(home)
        if current is None:
            raise FinetuneError("No release is promoted, so there is nothing to go back from. Next: frontdesk serve")
        before = _earlier(state)
        target = before.pop() if before else None
        if target is not None:
            _require_whole(target, home=home)
        change = _change("rollback", current, target, proof=None, reason=reason)
        _switch(home, target, before, change)
    return change


def changes(home: Path) -> tuple[dict[str, Any], ...]:
    """Return the lines of the log, oldest first, with the last one even where a crash kept it out.

    Raises:
        FinetuneError: a line is damaged.
    """
    lines = _logged(home)
    last = _state(home).get("change")
    return lines if last is None or last in lines else (*lines, last)


def _require_whole(target: Promoted, *, home: Path) -> None:
    instead = (
        'promote another one: frontdesk release promote NAME --without-proof "REASON", or set model = "embedded" in '
        "frontdesk.toml"
    )
    try:
        release = open_release(target.release, home=home)
    except FinetuneError as error:
        raise FinetuneError(
            f"The release {target.release!r}, which served before, is no longer there. Next: {instead}"
        ) from error
    if release.fingerprint != target.fingerprint:
        raise FinetuneError(f"{release.folder} holds another release than the one that served before. Next: {instead}")
    _refuse_changed(release, check(release, only_served=True), instead)


def _refuse_changed(release: Release, wrong: tuple[str, ...], instead: str) -> None:
    if wrong:
        raise FinetuneError(
            f"The files of {release.name!r} in {release.folder} are not those that were exported: {', '.join(wrong)}. "
            f"Next: {instead}"
        )


def _change(
    action: str, before: Promoted | None, after: Promoted | None, *, proof: Mapping[str, Any] | None, reason: str
) -> Change:
    when = datetime.now(UTC).isoformat(timespec="seconds")
    left, right = (one.release if one else "" for one in (before, after))
    return Change(when, _user(), action, left, right, proof=proof, reason=reason)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


@contextmanager
def _held(home: Path) -> Iterator[Mapping[str, Any]]:
    """Keep other changes out, and hand out the present state with its line in the log."""
    folder = home / RELEASES
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, timeout=LOCK_SECONDS):
            state = _state(home)
            if (last := state.get("change")) is not None and last not in _logged(home):
                _append(home, last)
            yield state
    except Timeout as error:
        raise FinetuneError("Another process is changing what serves. Next: wait for it and try again.") from error


def _state(home: Path) -> dict[str, Any]:
    promoted(home)  # says what is wrong with a damaged file
    try:
        return dict(json.loads((home / RELEASES / SERVING).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def _earlier(state: Mapping[str, Any]) -> list[Promoted]:
    return [Promoted(str(one["release"]), str(one["fingerprint"])) for one in state.get("before", ())]


def _switch(home: Path, now: Promoted | None, before: list[Promoted], change: Change) -> None:
    path = home / RELEASES / SERVING
    data = {
        "release": now.release if now else "",
        "fingerprint": now.fingerprint if now else "",
        "before": [{"release": one.release, "fingerprint": one.fingerprint} for one in before],
        "change": change.line(),
    }
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, indent=2)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _append(home, change.line())


def _append(home: Path, line: Mapping[str, Any]) -> None:
    with (home / RELEASES / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(dict(line), ensure_ascii=False) + "\n")


def _logged(home: Path) -> tuple[dict[str, Any], ...]:
    path = home / RELEASES / LOG
    if not path.is_file():
        return ()
    lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            lines.append(dict(json.loads(text)))
        except ValueError as error:
            raise FinetuneError(
                f"Line {number} of {path} cannot be read ({error}). Next: move the file away."
            ) from error
    return tuple(lines)
