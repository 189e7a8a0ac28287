from pathlib import Path

from bench.filler import EXAMPLES, examples
from finetune.examples import read, write


def test_examples_are_whole_alike_every_time_and_unlike_each_other(tmp_path: Path) -> None:
    path = tmp_path / "filler.jsonl"
    assert write(examples(), path) == EXAMPLES
    assert read(path) == tuple(examples())
    assert len({str(example.messages) for example in read(path)}) == EXAMPLES
