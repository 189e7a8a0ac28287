"""What libraries would send or look up by themselves, and may not.

environment variables, set before those libraries are imported
"""

import os


def block_outside() -> None:
    """Tell the libraries that look things up on hubs not to."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_DATASETS_OFFLINE="1")


def report_nothing() -> None:
    """Tell the libraries that report to their makers not to, whatever the settings say; before they are imported."""
    os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", ANONYMIZED_TELEMETRY="False", GRADIO_ANALYTICS_ENABLED="False")
