"""Conversations from other programs' exports, one format a file.

    FILE -> records -> the first format whose `fits` says yes -> conversations(records) -> Conversation

A further format is one file with these two functions and one line here.
"""

FORMATS: dict[str, str] = {
    "zendesk": "finetune.imports.zendesk",
    "chatwoot": "finetune.imports.chatwoot",
    "intercom": "finetune.imports.intercom",
    "rows": "finetune.imports.rows",
}
"""Name -> module; tried in this order."""
