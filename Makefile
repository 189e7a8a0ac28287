# Few verbs. The environment is .venv (files are compiled when first used, which halves the wait for pip); pip's own settings (PIP_INDEX_URL, PIP_CERT, …) are honoured.
PYTHON ?= python3
BIN := .venv/bin
DEMO_HOME ?= .demo-home
# What is compiled is kept: without it, every start of Python compiles torch, Gradio and all others anew.
export PYTHONDONTWRITEBYTECODE :=
export FRONTDESK_TEST_HOME ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/frontdesk-tests

.PHONY: demo test check check-style check-types check-layers check-tests slow-tests fix bench docs models lock clean
.DELETE_ON_ERROR:

demo: .venv/base.stamp  ## the demo company in the browser, at http://127.0.0.1:7860
	@$(BIN)/frontdesk demo --home $(DEMO_HOME)

# Two tests at a time, with one thread each: nearly all of them wait, or keep one core busy.
test: .venv/dev.stamp models  ## everything: makes what it needs, then runs all tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -rs -n 2 --dist loadfile $(TESTS)

check: .venv/dev.stamp  ## the quick ones, side by side: style, types, layers, tests that need nothing else
	@$(MAKE) --no-print-directory --jobs=2 check-style check-types check-layers check-tests

check-style:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

check-types:
	$(BIN)/mypy

check-layers:
	$(BIN)/lint-imports --no-cache

check-tests:
	$(BIN)/python -m pytest -q --quick -n auto --dist worksteal

LISTED := tests/test_slow_tests.py::test_the_list_names_tests_that_exist
slow-tests: .venv/dev.stamp  ## times the quick tests and leaves the slow ones out of them from now on; a quiet machine, please
	rm -f tests/slow_tests.txt
	for run in 1 2 3; do $(BIN)/python -m pytest -q --quick --time-slow --deselect $(LISTED) || exit 1; done

fix: .venv/dev.stamp  ## formats, and mends what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev.stamp models  ## every number of docs/benchmarks.md
	$(BIN)/python -m bench

docs: .venv/dev.stamp  ## the pages that are made from code
	$(BIN)/python -m assistant.settings_page > docs/settings.md.new
	@mv docs/settings.md.new docs/settings.md

models: .venv/base.stamp
	@FRONTDESK_HOME=$(FRONTDESK_TEST_HOME) $(BIN)/frontdesk models get
	@FRONTDESK_HOME=$(FRONTDESK_TEST_HOME) $(BIN)/frontdesk models get multilingual-e5-small

lock: .venv/dev.stamp  ## new versions for everything; needs uv
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --upgrade pyproject.toml -o constraints/base.txt
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links -c constraints/base.txt -c constraints/cpu.txt --extra dev --extra train pyproject.toml -o constraints/dev.txt

clean:
	rm -rf .venv $(DEMO_HOME)

.venv/bin/python:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Frontdesk needs Python 3.11 or newer; try: make PYTHON=python3.12"'
	$(PYTHON) -m venv .venv

.venv/base.stamp: pyproject.toml constraints/base.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints/base.txt -e .
	@touch $@

# torch first and alone: as another package's dependency it would come with several GB for graphics processors.
.venv/dev.stamp: pyproject.toml constraints/dev.txt constraints/cpu.txt .venv/base.stamp | .venv/bin/python
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints/cpu.txt torch
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints/dev.txt -c constraints/cpu.txt -e '.[dev,train]'
	@touch $@
