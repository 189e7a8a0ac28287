"""One file with all that an office computer needs which was never online.

    home + wheels + start script -> FILE.zip -> unpacked -> start.sh | start.cmd -> an assistant on loopback

`contents` says what of the home is carried, `wheels` gets the packages, `archive` packs and seals, and `start.py`,
which knows the standard library alone, is what runs on the other side.
"""
