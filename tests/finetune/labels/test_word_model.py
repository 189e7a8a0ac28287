from pathlib import Path

import numpy as np
import pytest

from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.judging.advice import labelled
from finetune.labels import word_model
from finetune.labels.classifier_training import ROUNDS, STRENGTH, train_words
from finetune.labels.word_model import PATTERN

pytest.importorskip("sklearn")


def test_a_word_model_says_what_scikit_learn_says(intents: tuple[Example, ...], tmp_path: Path) -> None:
    """Ours is numpy; theirs is the truth that it must not leave."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    data = labelled(intents)
    ours = train_words(data, sure_from=0.5)
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=PATTERN)
    theirs = LogisticRegression(C=STRENGTH, max_iter=ROUNDS).fit(words.fit_transform(data.texts), data.labels)
    asked = [*data.texts, "Where where IS my 台灯?", ""]

    assert np.allclose(ours.chances(asked), theirs.predict_proba(words.transform(asked)), atol=1e-5)
    word_model.save(ours, tmp_path)
    assert np.array_equal(word_model.load(tmp_path).chances(asked), ours.chances(asked))


def test_a_damaged_file_and_none_at_all_name_the_next_command(tmp_path: Path) -> None:
    for content in (None, b"broken"):
        if content is not None:
            (tmp_path / word_model.FILE).write_bytes(content)
        with pytest.raises(FinetuneError, match="frontdesk intents train --data FILE"):
            word_model.load(tmp_path)
