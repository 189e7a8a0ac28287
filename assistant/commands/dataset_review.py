"""`dataset review`: one example after another in the terminal; keep, drop or edit it.

examples + decisions so far -> the next undecided one -> a key -> decisions beside the file -> reviewed examples
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import AsJson, examples, harmless, print_json

if TYPE_CHECKING:
    from finetune.data.reviewing import Review
    from finetune.examples import Example

REVIEW_EXAMPLES = examples(
    "frontdesk dataset review examples.jsonl --out reviewed.jsonl", "frontdesk dataset review examples.jsonl --status"
)
KEYS = "[k]eep  [d]rop  [e]dit the reply  [a]ll that the model is shown  [b]ack  [q]uit"
SHOWN_CHARACTERS = 1500


def review(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", show_default=False, help="Examples to look at.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="REVIEWED.jsonl", help="Write what is kept, each time you leave.")
    ] = None,
    kept_only: Annotated[bool, typer.Option("--kept-only", help="With --out: without those not decided on.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say how far it is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Go through examples; decisions are kept beside the file at once, and the next time goes on from there."""
    from finetune import examples
    from finetune.data.reviewing import Review

    if out is not None and out.absolute() == file.absolute():
        raise typer.BadParameter("--out must be another file: the examples that decisions are about stay as they are")
    found = examples.read(file)
    review = Review(file)
    if not status:
        _walk(found, review)
    if out is not None:
        examples.write(review.reviewed(found, undecided=not kept_only), out)
    decided = [decision for example in found if (decision := review.verdict(example))]
    counts = {verdict: sum(one.verdict == verdict for one in decided) for verdict in ("keep", "drop", "edit")}
    left = len(found) - len(decided)
    if as_json:
        print_json({"examples": len(found), **counts, "undecided": left, "out": str(out) if out else None})
    else:
        print(f"{counts['keep']} kept, {counts['edit']} edited, {counts['drop']} dropped, {left} left: {review.path}")


def _walk(found: "Sequence[Example]", review: "Review") -> None:
    """Ask about what is undecided, until all is decided or the person leaves."""
    waiting = list(review.undecided(found))
    place = 0
    shown = True
    while place < len(waiting):
        example = found[waiting[place]]
        if shown:
            _show(example, f"{waiting[place] + 1} of {len(found)}, {len(waiting) - place} to go")
        shown = True
        key = _key()
        if key in ("k", "d"):
            review.decide(example, "keep" if key == "k" else "drop")
            place += 1
        elif key == "e":
            place += _edit(example, review)
        elif key == "b":
            place = max(0, place - 1)
        elif key == "a":
            _show_all(example)
            shown = False
        elif key == "q":
            return
        else:
            _tell(KEYS)
            shown = False


def _key() -> str:
    """Return the next key in small letters; the end of the input leaves, as q does."""
    print("> ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    return line.strip().casefold()[:1] if line else "q"


def _edit(example: "Example", review: "Review") -> int:
    """Let the person edit the reply in their editor; return 1 where it was changed, else 0."""
    from finetune.errors import FinetuneError

    before = str(example.messages[-1]["content"])
    try:
        after = _edited(before + "\n")
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError) as error:
        _tell(f"The editor {' '.join(_editor())} failed ({error}). Next: set EDITOR to an editor that is installed.")
        return 0
    if after.strip() == before.strip():
        _tell("Not changed.")
        return 0
    try:
        review.decide(example, "edit", after.strip())
    except FinetuneError as error:
        _tell(str(error))
        return 0
    return 1


def _edited(text: str) -> str:
    """Return a text as the person leaves it in their editor."""
    with TemporaryDirectory(prefix="frontdesk-") as folder:
        file = Path(folder) / "reply.txt"
        file.write_text(text, encoding="utf-8")
        subprocess.run([*_editor(), str(file)], check=True)
        return file.read_text(encoding="utf-8")


def _editor() -> list[str]:
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    return shlex.split(named) if named else ["notepad" if os.name == "nt" else "vi"]


def _show(example: "Example", where: str) -> None:
    from finetune.data.leakage import asked_of
    from finetune.examples import said_by

    _tell(f"\n── {where} · {example.task} · {example.source}")
    _tell(f"CUSTOMER  {_plain(asked_of(example))}")
    _tell(f"REPLY     {_plain(said_by(example.messages[-1]))}")
    _tell(KEYS)


def _show_all(example: "Example") -> None:
    from finetune.examples import said_by

    for message in example.messages:
        _tell(f"\n[{message['role']}]\n{harmless(said_by(message))}")
    _tell(KEYS)


def _plain(text: str) -> str:
    """Return a text as a terminal shows it: without what would move the cursor, and cut where it is long."""
    text = harmless(text)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " … ([a] shows all)"


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
