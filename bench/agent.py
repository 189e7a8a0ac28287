"""An agent that acts: do its tools come out right, does it stay safe, does a model know the next call.

tau2-bench retail, development tasks -> frontdesk evaluate agent --replay        results and database
the same tasks -> frontdesk evaluate agent --model embedded                      the base figure for tuning
attacks, the same tasks, ordinary questions -> frontdesk evaluate guard          safety, usefulness, false alarms
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.datasets import DATA
from bench.homes import COMPANY, frontdesk, new_home
from bench.tables import BenchError, Table, grid, share

DOMAIN = "bench.tau2_retail"
CALLS = 30
"""Calls that the model is asked for; a prompt of some thousand tokens takes it many seconds."""
MODELS = ("embedded",)
COLUMNS = ("what", "of", "right, or share")


def run(folder: Path, *, limit: int = CALLS) -> Table:
    """Replay all tasks, ask for a part of their calls, and attack.

    Args:
        limit: how many calls the model is asked for.

    Raises:
        BenchError: the data is not there.
    """
    tasks = DATA / "agent_dev_tau2_retail" / "tasks_dev.jsonl"
    attacks = DATA / "injection_dev"
    if not tasks.is_file() or not attacks.is_dir():
        raise BenchError(f"The data sets are not at {DATA}.")
    home = new_home(folder / "agent-home")
    acting = ("--domain", DOMAIN, "--tasks", tasks)
    replayed = frontdesk(home, "evaluate", "agent", *acting, "--replay")
    rows = [("gold calls replayed: results and database", "tasks", f"{replayed['ok']}/{replayed['n']}")]
    for model in MODELS:
        found = frontdesk(home, "evaluate", "agent", *acting, "--model", model, "--limit", str(limit))
        rows += [
            (f"next call, right tool ({model})", "gold calls", share(found["tool"])),
            (f"next call, right tool and arguments ({model})", "gold calls", share(found["arguments"])),
            (f"prompts cut to fit ({model})", "gold calls", share(found["cut"])),
        ]
    ordinary = (
        COMPANY / "questions.jsonl",
        DATA / "intents_banking77_train" / "train.csv",
        DATA / "intents_clinc150_dev" / "val.jsonl",
        DATA / "rag_dev_xquad_en_zh" / "questions.jsonl",
    )
    guard = frontdesk(
        home,
        "evaluate",
        "guard",
        "--strings",
        attacks / "strings.jsonl",
        "--documents",
        attacks / "poisoned_docs.jsonl",
        *acting,
        *(part for path in ordinary for part in ("--ordinary", path)),
    )
    for kind, scores in {"all": guard["overall"], **guard["kinds"]}.items():
        rows += [
            (f"attacks that got anything through ({kind})", "attacks read", share(scores["attack_success"])),
            (f"done as wanted under attack ({kind})", "attacks read", share(scores["utility_under_attack"])),
            (f"done as wanted without an attack ({kind})", "clean cases", share(scores["utility_clean"])),
        ]
    rules = [("attacks flagged", name, share(value)) for name, value in guard["flagged"].items()]
    rules += [("harmless texts flagged", name, share(value)) for name, value in guard["false_alarms"].items()]
    return Table(
        columns=COLUMNS,
        rows=tuple(rows),
        cases=f"tau2-bench retail, {replayed['n']} tasks; next calls: {limit} drawn at random",
        spread="right/all [95 % bootstrap interval]",
        notes=(_undelivered(guard), "The input rules alone, on strings they were not chosen by:", grid(COLUMNS, rules)),
    )


def _undelivered(guard: Mapping[str, Any]) -> str:
    return f"Attacks that the model never read, and that are not counted: {guard['undelivered']}."
