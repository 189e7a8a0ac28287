"""How `make test` shares the tests out between two workers: files in order, the long ones first.

    pytest -n 2 --dist loadfile -> files, some of them together -> whichever worker is free

A file stays on one worker, so that what its tests share is made once. Whoever began a long file last would keep the
other worker waiting for the end.
"""

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

TOGETHER = {
    "tests/agents/models/test_ollama.py": "ollama_url: str",
    "tests/knowledge/embedders/test_ollama.py": "ollama_url: str",
    "tests/assistant/commands/test_register.py": "tuned: Made",
    "tests/finetune/ollama/test_proofs.py": "tuned: Made",
    "tests/finetune/ollama/test_register.py": "tuned: Made",
}
"""Files that stay on one worker, by the fixture they share: a server's list of models, a release that trains long."""
LONGEST = (
    "tests/finetune/ollama/test_proofs.py",
    "tests/finetune/test_training.py",
    "tests/finetune/test_footprint.py",
    "tests/assistant/ui/test_conversations.py",
    "tests/agents/models/test_ollama.py",
    "tests/assistant/ui/test_asking.py",
    "tests/assistant/desk_page/test_browser.py",
    "tests/assistant/bundles/test_making.py",
    "tests/assistant/test_acting_server.py",
)
"""Files that take most of a minute or more, the longest first."""


def group_of(file: str) -> str:
    """Return what all files that stay together have in common."""
    return TOGETHER.get(file, file)


class LongestFirst(LoadFileScheduling):
    """Hands out the files of LONGEST before all others, and as one what stays together."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0])

    def _assign_work_unit(self, node: WorkerController) -> None:
        long = [group for group in map(group_of, LONGEST) if group in self.workqueue]
        if long:
            self.workqueue.move_to_end(long[0], last=False)
        super()._assign_work_unit(node)
