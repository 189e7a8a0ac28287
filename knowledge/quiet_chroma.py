"""Chroma without its exporter of traces.

Importing Chroma also imports OpenTelemetry's exporter and gRPC, which takes time at every start, for traces that nobody
asked for. While it is imported, an exporter that cannot be made stands in their place.
"""

import sys
from types import ModuleType

EXPORTER = "opentelemetry.exporter.otlp.proto.grpc.trace_exporter"


class NoExporter:
    """What Chroma holds in place of the exporter, and makes only when it is given an address to report to."""

    def __init__(self, **_: object) -> None:
        raise RuntimeError("Chroma's traces are not exported")


def load() -> None:
    """Import Chroma; whoever wants the exporter itself finds it afterwards."""
    if "chromadb" in sys.modules or EXPORTER in sys.modules:
        return
    stand_in = ModuleType(EXPORTER)
    stand_in.OTLPSpanExporter = NoExporter  # type: ignore[attr-defined]  # a module of our own making
    sys.modules[EXPORTER] = stand_in
    try:
        import chromadb  # noqa: F401
    finally:
        del sys.modules[EXPORTER]
