from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from finetune.errors import FinetuneError
from finetune.labels import label_head
from finetune.labels.classifier_training import train_head

pytest.importorskip("sklearn")
LABELS = ("cost", "place", "way")


def states(rows: int, *, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Return states of three labels that differ in small numbers beside one that is large and says nothing."""
    dice = np.random.default_rng(seed)
    labels = [LABELS[row % 3] for row in range(rows)]
    values = 0.3 * dice.standard_normal((rows, 8))
    values[np.arange(rows), [LABELS.index(label) for label in labels]] += 1.0
    values[:, 7] = 500.0 * dice.standard_normal(rows)
    return values.astype(np.float32), labels


def test_labels_are_told_by_the_states_of_others(tmp_path: Path) -> None:
    head = train_head(*states(30))
    asked, labels = states(60, seed=1)
    told = head.tell(asked)
    assert sum(one == other for one, other in zip(told, labels, strict=True)) >= 57
    assert head.labels == LABELS
    label_head.save(head, tmp_path)
    again = label_head.load(tmp_path)
    assert again is not None
    assert again.tell(asked) == told


def test_two_labels_are_told_too() -> None:
    values, labels = states(30)
    two = [at for at, label in enumerate(labels) if label != "way"]
    head = train_head(values[two], [labels[at] for at in two])
    assert head.tell(values[two]) == [labels[at] for at in two]
    assert head.knows(("place", "cost"))
    assert not head.knows(LABELS)


def test_a_folder_without_one_has_none_and_a_damaged_one_says_what_to_do(tmp_path: Path) -> None:
    assert label_head.load(tmp_path) is None
    (tmp_path / label_head.FILE).write_bytes(b"no such thing")
    with pytest.raises(FinetuneError, match=r"label_head\.safetensors.*Next: train the run anew"):
        label_head.load(tmp_path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda head: replace(head, labels=(*head.labels, "more")),
        lambda head: replace(head, weights=head.weights[:, :5]),
        lambda head: replace(head, offsets=head.offsets[:1]),
    ],
)
def test_labels_and_weights_that_do_not_fit_are_a_damaged_file(
    spoil: Callable[[label_head.LabelHead], label_head.LabelHead], tmp_path: Path
) -> None:
    label_head.save(spoil(train_head(*states(30))), tmp_path)
    with pytest.raises(FinetuneError, match="its labels are not those of its weights"):
        label_head.load(tmp_path)
