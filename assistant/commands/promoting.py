"""`release compare|promote|rollback`: what serves now, and what must be shown before something else does.

NEW against CURRENT on held-out examples -> kept -> verdict -> serving.json, log.jsonl
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.judging import SHIPPED, ExampleFiles, comparison_lines, read_examples, side_by_side
from assistant.commands.options import AsJson, Config, examples, opened, print_json, progress_bar, settings_for, warn
from assistant.settings import Settings

if TYPE_CHECKING:
    from finetune.gate import Verdict
    from finetune.releases import Release
    from knowledge.scores import PairedScore

COMPARE_EXAMPLES = examples(
    "frontdesk release compare support-2 support-1 --examples heldout.jsonl",
    "frontdesk release compare support-2 --examples heldout.jsonl --questions questions.jsonl --retention shipped",
)
PROMOTE_EXAMPLES = examples(
    "frontdesk release promote support-2",
    'frontdesk release promote support-2 --reason "new returns policy"',
    'frontdesk release promote support-1 --without-proof "the first one; tried by hand"',
)
ROLLBACK_EXAMPLES = examples("frontdesk release rollback", 'frontdesk release rollback --reason "wrong prices"')
NOTHING = "no release"
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="What the log shall say.")]


def compare(
    new: Annotated[str, typer.Argument(metavar="NEW", help="The release that may take over.")],
    current: Annotated[
        str | None,
        typer.Argument(metavar="CURRENT", help="A release, embedded or ollama:NAME; else what serves now."),
    ] = None,
    files: ExampleFiles = None,
    questions: Annotated[
        Path | None,
        typer.Option("--questions", metavar="FILE", help="Questions to answer from the documents, with both models."),
    ] = None,
    retention: Annotated[
        str | None,
        typer.Option("--retention", metavar="FILE", help=f"Multiple-choice items, or `{SHIPPED}` for our own."),
    ] = None,
    text: Annotated[Path | None, typer.Option("--text", metavar="FILE", help="Ordinary text, for perplexity.")] = None,
    margin: Annotated[
        float | None,
        typer.Option("--margin", metavar="SHARE", min=0.0, max=0.5, help="How much worse the rest may be; 0.05."),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Compare a release with the one in use, and keep what was found: `release promote` asks for it."""
    from assistant.app import model_options
    from finetune import gate, release_comparison
    from finetune.releases import open_release

    if not files:
        raise typer.BadParameter("name the examples: --examples FILE")
    settings = settings_for(config)
    release, other = open_release(new, home=settings.home), current or in_use(settings)
    if other == release.name:
        raise typer.BadParameter(f"{other} serves already; name another: frontdesk release compare {new} CURRENT")
    options = model_options(settings)
    release_comparison.identity(other, home=settings.home, options=options)  # refused before anything is measured
    asked = read_examples(files)
    release_comparison.refuse_learned(asked, release, other)
    found = side_by_side([other, release.name], settings, asked=asked, retention=retention, text=text)
    material = release_comparison.Material(
        files=(*files, *([questions] if questions else ())),
        retention=bool(retention or text),
        answers=_answers(release.name, other, settings, questions) if questions else None,
        margin=gate.MARGIN if margin is None else margin,
    )
    data = release_comparison.make(
        found, new=release, current=other, home=settings.home, options=options, material=material
    )
    path, verdict = release_comparison.write(data, release), gate.judge(data)
    if as_json:
        print_json({**data, "path": str(path), "passes": verdict.passes, "verdict": asdict(verdict)})
        return
    print("\n".join([*comparison_lines(found), "", *verdict_lines(verdict)]))
    print(f"Next: frontdesk release promote {release.name}" if verdict.passes else f"Kept in {path}")


def promote(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A finished release.")],
    reason: Reason = "",
    without_proof: Annotated[
        str | None,
        typer.Option("--without-proof", metavar="REASON", help="Promote though nothing shows that it is better."),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Let a release serve, if it was shown to be better than the one in use and nowhere worse."""
    from finetune import promoting
    from finetune.releases import open_release

    settings = settings_for(config)
    release = open_release(name, home=settings.home)
    if without_proof is not None and not without_proof.strip():
        raise typer.BadParameter("--without-proof takes the reason, which the log keeps")
    proof = None if without_proof else _proof(release, settings)
    said = "; ".join(filter(None, [without_proof, reason]))
    change = promoting.promote(release, home=settings.home, proof=proof, reason=said)
    _tell(change.line(), settings, as_json=as_json)


def rollback(reason: Reason = "", as_json: AsJson = False, config: Config = None) -> None:
    """Let that release serve which served before; it takes seconds, and the present one may be gone."""
    from finetune import promoting

    settings = settings_for(config)
    change = promoting.roll_back(home=settings.home, reason=reason)
    _tell(change.line(), settings, as_json=as_json)


def in_use(settings: Settings) -> str:
    """Return the release that serves now, or the model where none does, as `release compare` takes it."""
    from agents.models.loading import automatic
    from agents.models.promotion import KIND
    from assistant.app import model_options
    from finetune.promoting import promoted

    if settings.model != "auto":
        return settings.model.removeprefix(KIND).removeprefix("gguf:")
    if (release := promoted(settings.home)) is not None:
        return release.release
    return automatic(model_options(settings), promoted=False)


def verdict_lines(verdict: "Verdict") -> Iterator[str]:
    """Yield a verdict for the terminal."""
    yield "It may take over." if verdict.passes else "It may not take over."
    yield from (f"  better: {line}" for line in verdict.better)
    yield from (f"  against it: {line}" for line in verdict.faults)
    if verdict.unmeasured:
        yield f"  not compared: {', '.join(verdict.unmeasured)}"


def _proof(release: "Release", settings: Settings) -> Mapping[str, Any]:
    """Return what the comparison with the model in use found.

    Raises:
        FinetuneError: there is no comparison of these two, or it does not show enough.
    """
    from assistant.app import model_options
    from finetune import gate, release_comparison
    from finetune.errors import FinetuneError
    from finetune.promoting import promoted

    current, now = in_use(settings), promoted(settings.home)
    if current == release.name:
        raise FinetuneError(
            f"{release.name!r} is what serves now"
            + ("" if now is None or now.fingerprint == release.fingerprint else ", and was made anew since")
            + f". Next: frontdesk release rollback, then frontdesk release compare {release.name} --examples FILE"
        )
    options = model_options(settings)
    if now is not None and now.release == current:
        identity = f"release:{now.fingerprint}"  # what was promoted, though its files be gone
    else:
        identity = release_comparison.identity(current, home=settings.home, options=options)
    own = release_comparison.identity(release.name, home=settings.home, options=options)
    data = release_comparison.read(release, current, new_identity=own, current_identity=identity)
    verdict = gate.judge(data)
    if not verdict.passes:
        again = release_comparison.command(release, current)
        raise FinetuneError(
            "\n".join([f"{release.name} against {current}:", *verdict_lines(verdict)])
            + f"\nNext: {again} with more examples, or frontdesk release promote {release.name} "
            '--without-proof "REASON"'
        )
    return {"against": current, "made": data["made"], "on": data["on"], "margin": data["margin"], **asdict(verdict)}


def _tell(line: Mapping[str, Any], settings: Settings, *, as_json: bool) -> None:
    from agents.models.promotion import RELEASES
    from assistant.running import find_server
    from finetune.promoting import LOG

    server = find_server(settings.home)
    then = f"restart the server at {server.url}" if server else "frontdesk serve"
    serves = settings.model == "auto"
    if as_json:
        print_json({**line, "log": str(settings.home / RELEASES / LOG), "serves": serves, "next": then})
    else:
        after = line["to"] or "what `auto` finds without a promoted release"
        print(f"From the next start on {after} serves, instead of {line['from'] or NOTHING}.")
        for unmeasured in (line["proof"] or {}).get("unmeasured", ()):
            print(f"  not compared: {unmeasured}")
        print(f"Next: {then}")
    if not serves:
        warn(f'Note: model = "{settings.model}" is set, so promoted releases do not serve. Set model = "auto".')


def _answers(new: str, current: str, settings: Settings, questions: Path) -> "Mapping[str, PairedScore]":
    """Ask both models the same questions over the company's documents."""
    from agents.evaluation import check_measurable, evaluate, rows_of
    from agents.trials.measures import ANSWERS
    from agents.turn import Responder
    from finetune.judging.predicting import open_subject
    from knowledge.comparison import compare as compare_rows
    from knowledge.questions import read

    asked, rows = read(questions), []
    check_measurable(asked)
    with opened(settings) as application:
        for name in (new, current):
            setting = open_subject(name, home=settings.home).setting
            with progress_bar(name) as progress, closing(application.load_model(setting)) as model:
                report = evaluate(
                    Responder(application.library, model, application.responder_options),
                    application.library,
                    asked,
                    contact=settings.contact,
                    progress=lambda done, total, tell=progress: tell("", done, total),  # type: ignore[misc]
                )
            rows.append(rows_of(report))
    return compare_rows(*rows, yardstick=ANSWERS, names=(new, current)).scores
