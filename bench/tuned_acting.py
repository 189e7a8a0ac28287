"""Does tuning teach the next call: retail tasks to learn from, others to be asked.

tau2-bench retail, development tasks -> split by task -> one example a task, every call in it learned
base, tuned -> frontdesk evaluate agent on the other tasks, right calls so far given -> next tool, and its arguments
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.domain import load_domain
from agents.prompts.next_call import shortened
from agents.trials.next_call import cases_of
from agents.trials.tasks import Task, read_tasks
from bench.datasets import DATA
from bench.homes import frontdesk, new_home
from bench.tables import BenchError, Table, share
from bench.tuned import tune
from finetune.examples import Example, agent_example, write
from knowledge.scores import paired

DOMAIN = "bench.tau2_retail"
CALLS = 100
"""Calls that each model is asked for, at most: all that the other tasks have."""
CONTEXT_TOKENS = 3600
"""Of both models: with less, not every prompt fits however it is cut."""
LEARNED_CHARACTERS = 100
"""Of each result in a prompt to learn from; longer ones take a processor too long."""
LEARNING_SHARE = 0.6
SETTINGS = ("epochs=2", "batch_size=1")
"""Long examples of which few tokens decide: one a step, so that a pass has steps enough to learn them."""
COLUMNS = ("what", "base", "tuned", "difference in points")


def run(folder: Path, *, limit: int = CALLS) -> Table:
    """Tune on a part of the tasks and ask base and tuned model for calls of the others.

    Args:
        limit: how many calls each model is asked for.

    Raises:
        BenchError: the data is not there, or a command failed.
    """
    source = DATA / "agent_dev_tau2_retail"
    tasks_file = source / "tasks_dev.jsonl"
    if not tasks_file.is_file():
        raise BenchError(f"The data sets are not at {DATA}.")
    home = new_home(folder / "tuned-acting-home")
    tasks = read_tasks(tasks_file)
    learned = [task for task in tasks if _is_learned(task)]
    examples = folder / "acting.jsonl"
    write(_examples(learned, source=source), examples)
    others = _beside(folder / "retail", source, [task for task in tasks if not _is_learned(task)])
    tuned = tune(home, examples, *SETTINGS, name="acting")
    found = [_asked(home, model, others, limit) for model in ("embedded", f"gguf:{tuned.file}")]
    commonest, _ = Counter(call.tool for task in learned for call in task.calls).most_common(1)[0]
    right = sum(guess["expected"]["tool"] == commonest for guess in found[0]["guesses"])
    rows = [
        _row("right tool", "tool_right", "tool", found),
        _row("right tool and arguments", "arguments_right", "arguments", found),
    ]
    return Table(
        COLUMNS,
        tuple(rows),
        cases=f"{len(learned)} tasks to learn from, {found[0]['n']} calls of {found[0]['tasks']} other tasks to be "
        f"asked, {CONTEXT_TOKENS} tokens of context for both",
        spread="brackets: 95 % interval; of the difference, paired",
        notes=(
            f"Trained in {tuned.run['seconds'] / 60:.0f} minutes at {tuned.run['tokens_per_second']:.0f} tokens a "
            f"second, at most {tuned.run['peak_memory_bytes'] / 1e9:.1f} GB; {' '.join(SETTINGS)}, else the "
            "recipe's defaults. "
            f"Prompts cut to fit: {share(found[0]['cut'])}.",
            f"Who names `{commonest}`, the learned tasks' commonest tool, each time is right {right} times.",
        ),
    )


def _is_learned(task: Task) -> bool:
    return hashlib.sha256(task.id.encode()).digest()[0] < 256 * LEARNING_SHARE


def _examples(tasks: Sequence[Task], *, source: Path) -> list[Example]:
    """Return each task's last step with all before it: every step in it is the assistant's and learned from."""
    last = {case.task: case for case in cases_of(load_domain(DOMAIN), tasks, data=source)}
    return [
        agent_example(
            shortened(replace(case.asked, rules=""), latest=LEARNED_CHARACTERS, before=LEARNED_CHARACTERS),
            tool=case.gold.tool,
            arguments=case.gold.arguments,
            source=DOMAIN,
            conversation=case.task,
        )
        for case in last.values()
    ]


def _beside(folder: Path, source: Path, tasks: Sequence[Task]) -> Path:
    """Return a file of these tasks, beside the data that their domain reads."""
    folder.mkdir(exist_ok=True)
    for path in source.iterdir():
        if path.suffix != ".jsonl" and not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    wanted = {task.id for task in tasks}
    lines = (source / "tasks_dev.jsonl").read_text(encoding="utf-8").splitlines()
    both = zip(lines, read_tasks(source / "tasks_dev.jsonl"), strict=True)
    file = folder / "tasks.jsonl"
    file.write_text("".join(f"{line}\n" for line, task in both if task.id in wanted), encoding="utf-8")
    return file


def _asked(home: Path, model: str, tasks: Path, limit: int) -> dict[str, Any]:
    acting = ("--domain", DOMAIN, "--tasks", tasks)
    asked = (*acting, "--model", model, "--limit", str(limit))
    return frontdesk(home, "evaluate", "agent", *asked, context_tokens=CONTEXT_TOKENS)


def _row(name: str, mark: str, score: str, found: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    base, tuned = ([float(guess[mark]) for guess in one["guesses"]] for one in found)
    told = paired(tuned, base)
    difference = f"{100 * told.difference:+.1f} [{100 * told.low:.1f}, {100 * told.high:.1f}]"
    return (name, share(found[0][score]), share(found[1][score]), difference)
