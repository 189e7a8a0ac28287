"""What libraries would send or look up by themselves, and may not; and whom they ask for what is here.

environment variables, set before those libraries are imported
"""

import os

PROXIES = {"http_proxy", "https_proxy", "all_proxy"}
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def block_outside() -> None:
    """Tell the libraries that look things up on hubs not to."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_DATASETS_OFFLINE="1")


def report_nothing() -> None:
    """Tell the libraries that report to their makers not to, whatever the settings say; before they are imported."""
    os.environ.update(HF_HUB_DISABLE_TELEMETRY="1", ANONYMIZED_TELEMETRY="False", GRADIO_ANALYTICS_ENABLED="False")


def ask_this_machine_directly() -> None:
    """Keep the environment's proxy, as offices have one, out of what is asked of this machine's own servers.

    Chroma's client, Ollama's and OpenAI's would ask it for 127.0.0.1, where it finds nothing of ours.
    """
    proxies = [value for name, value in os.environ.items() if name.lower() in PROXIES and value]
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if not proxies or given.strip() == "*":
        return
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(filter(None, (given, *THIS_MACHINE)))
