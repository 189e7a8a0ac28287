"""The retail shop of tau2-bench as a domain pack: an outside check of the tool runner.

    frontdesk evaluate agent --domain bench.tau2_retail --tasks FILE --replay

`store.py` keeps the shop in SQLite, `reading.py` and the files beside it are its 16 tools. Written from the benchmark's
published list of tools, its policy and its traces; the data lies beside the project and is never copied into it.
"""

from agents.domain import Domain
from bench.tau2_retail.reading import READING
from bench.tau2_retail.store import open_shop, owner, policy, snapshot
from bench.tau2_retail.writing import WRITING

DOMAIN = Domain(tools=(*READING, *WRITING), open=open_shop, snapshot=snapshot, owner=owner, policy=policy)
