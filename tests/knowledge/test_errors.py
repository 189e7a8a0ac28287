"""Errors pass between processes and stay what they are."""

import pickle

from knowledge.errors import PartlyUnreadable, UnreadableFile


def test_failures_within_an_archive_survive_the_way_from_another_process():
    sent = PartlyUnreadable((("a/b.pdf", "x.zip!/a/b.pdf: is damaged."), ("c.mp4", "x.zip!/c.mp4: no loader.")))
    received = pickle.loads(pickle.dumps(sent))
    assert isinstance(received, UnreadableFile)
    assert received.failures == sent.failures
    assert str(received) == "x.zip!/a/b.pdf: is damaged. x.zip!/c.mp4: no loader."
