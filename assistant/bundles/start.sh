#!/bin/sh
# Starts Frontdesk from this folder: finds a Python that its packages were made for; start.py does the rest.
#   ./start.sh                     serves the chat at http://127.0.0.1:7860
#   ./start.sh ask "QUESTION"      any other command of Frontdesk
#   PYTHON=/path/to/python ./start.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
for python in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
  if [ -n "$python" ] && command -v "$python" >/dev/null 2>&1; then
    "$python" -I -c 'import sys; sys.exit(".".join(map(str, sys.version_info[:2])) not in "@PYTHONS@".split())' \
      2>/dev/null && exec "$python" -I "$here/start.py" "$@"
  fi
done
echo "Error: this bundle needs Python @PYTHONS_OR@, and none was found. Next: install it, or say where it is:" \
  "PYTHON=/path/to/python ./start.sh" >&2
exit 1
