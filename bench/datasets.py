"""Development data sets in, corpora and question files in Frontdesk's own formats out.

    python -m bench.datasets NAME FOLDER     writes FOLDER/questions.jsonl, and FOLDER/corpus.jsonl or FOLDER/corpus/

The data lies beside the project (../shared/data) on machines that run its tests; nothing that a user runs needs it.
"""

import argparse
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench import companies

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

Record = dict[str, Any]


def mtrag(folder: Path) -> None:
    """Multi-turn questions over passages of three English collections."""
    source = DATA / "rag_dev_mtrag"
    shutil.copyfile(source / "corpus.jsonl", folder / "corpus.jsonl")
    _write(folder / "questions.jsonl", (_mtrag_question(line) for line in _read(source / "questions.jsonl")))


def _mtrag_question(line: Record) -> Record:
    return {
        "id": line["qid"],
        "question": line["question"],
        "history": line["history"],
        "lang": line["lang"],
        "answerable": line["answerable"],
        "gold": [{"document": document} for document in line["gold_doc_ids"]],
        "facts": [],
        "kind": line["answerability"].lower(),
        "answers": [line["reference_answer"]] if line["answerable"] else [],
    }


def xquad(folder: Path, *, corpus: str, question: str) -> None:
    """Questions over encyclopedia paragraphs; corpus and question in English or Chinese."""
    source = DATA / "rag_dev_xquad_en_zh"
    shutil.copyfile(source / f"corpus_{corpus}.jsonl", folder / "corpus.jsonl")
    lines = _read(source / "questions.jsonl")
    _write(folder / "questions.jsonl", (_xquad_question(line, corpus, question) for line in lines))


def _xquad_question(line: Record, corpus: str, question: str) -> Record:
    answers = line[f"answers_{corpus}"]
    return {
        "id": line["qid"],
        "question": line[f"question_{question}"],
        "history": [],
        "lang": question,
        "answerable": line["answerable"],
        "gold": [{"document": document} for document in line["gold_doc_ids"]],
        "facts": [answers] if line["answerable"] else [],
        "answers": answers if line["answerable"] else [],
    }


def stard(folder: Path) -> None:
    """Lay people's questions over Chinese law articles."""
    source = DATA / "rag_dev_stard_zh"
    shutil.copyfile(source / "corpus.jsonl", folder / "corpus.jsonl")
    _write(folder / "questions.jsonl", (_stard_question(line) for line in _read(source / "questions.jsonl")))


def _stard_question(line: Record) -> Record:
    return {
        "id": line["qid"],
        "question": line["question"],
        "history": [],
        "lang": line["lang"],
        "answerable": line["answerable"],
        "gold": [{"document": document} for document in line["gold_doc_ids"]],
        "facts": [],
    }


DATASETS: Mapping[str, Callable[..., None]] = {
    "mtrag": mtrag,
    "xquad-en": partial(xquad, corpus="en", question="en"),
    "xquad-zh": partial(xquad, corpus="zh", question="zh"),
    "xquad-zh-asks-en": partial(xquad, corpus="en", question="zh"),
    "xquad-en-asks-zh": partial(xquad, corpus="zh", question="en"),
    "stard-zh": stard,
    **{name: partial(companies.write, name, data=DATA) for name in companies.QUESTIONS},
    **{name: partial(companies.write_invented, name) for name in (*companies.INVENTED, *companies.BESIDE)},
}


def write(name: str, folder: Path) -> tuple[Path, Path]:
    """Write a data set's corpus and questions below `folder`; return both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    DATASETS[name](folder=folder)
    corpus = folder / "corpus"
    return corpus if corpus.is_dir() else folder / "corpus.jsonl", folder / "questions.jsonl"


def _read(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _write(path: Path, records: Iterable[Record]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(DATASETS))
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(*write(arguments.name, arguments.folder), sep="\n")
