import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPEN = """
import sys
from pathlib import Path
import numpy as np
from knowledge.index import VectorIndex
index = VectorIndex(Path(sys.argv[1]))
index.add("space-1", list(index.new_ids("space-1", 1)), np.ones((1, 3), dtype=np.float32))
print(index.count("space-1"), "grpc" in sys.modules)
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
print(OTLPSpanExporter.__module__)
index.close()
"""


def test_chroma_opens_without_its_exporter_and_reports_nowhere(tmp_path: Path) -> None:
    """Even where the environment names an address; and the real exporter can still be had by others."""
    environment = {**os.environ, "CHROMA_OTEL_COLLECTION_ENDPOINT": "http://127.0.0.1:9", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", OPEN, str(tmp_path / "chroma")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.stdout.split() == ["1", "False", "opentelemetry.exporter.otlp.proto.grpc.trace_exporter"], (
        result.stderr
    )
