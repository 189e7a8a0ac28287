"""OpenVINO without its telemetry, to be called before it is imported.

Importing OpenVINO reports to its makers' account at Google Analytics, unless it finds no package that could. It is
built to do without that package, which it requires all the same; so it is told that there is none.
"""

import sys

TELEMETRY = "openvino_telemetry"


def silence() -> None:
    """Keep an import of OpenVINO from reporting anything, in this process."""
    if "openvino" not in sys.modules:
        sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # how the language says that a module cannot be had
