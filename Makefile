# Assay: the commands that always work. Needs Python 3.11 or later and make; everything else comes with `make setup`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Most of a test is waiting: two more than the processors.
WORKERS ?= $(shell expr $$(nproc) + 2)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What was compiled once is not compiled again by each of a thousand processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo run test pytest browser lint style types docs bench lock clean

BUNDLE := src/assay/web/static/manifest.json

setup: $(VENV)/.complete $(BUNDLE)

$(VENV)/.complete: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Assay needs Python 3.11 or later; $$($(PYTHON) --version) is what 'python3' is here. Say which one to use: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) (a minute or two the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements/dev.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The script of the web app's pages. Without it they work all the same, so this may fail.
$(BUNDLE): $(VENV)/.complete $(wildcard src/assay/web/assets/*.js src/assay/web/assets/*.json) src/assay/web/assets/build.mjs
	@$(BIN)/python hatch_build.py && touch $@ || true

demo: setup
	@$(BIN)/python -m assay.demo

# The models of a folder, each on the suites its file names: make run CONFIG_DIR=sample_models_config ARGS="--samples 5"
CONFIG_DIR ?= sample_models_config
ARGS ?=
run: setup
	@$(BIN)/assay bench run --config $(CONFIG_DIR) $(ARGS)

# Types are checked beside the tests: on two processors that saves a minute.
test: setup style browser
	@$(MAKE) --no-print-directory -j 2 types pytest

pytest: setup
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

# Tests of pages need a Chromium: found, installed where we may, or its absence said.
browser: setup
	@$(BIN)/python tests/web/get_browser.py

lint: style types

style: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: setup
	$(BIN)/mypy

# The documentation as a site in site/, built so that a warning ends it.
docs: setup
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict && echo "The documentation: site/index.html"

bench: setup
	$(BIN)/python benchmarks/all.py

# Needs uv. The locks carry hashes and name no index, so they work behind any mirror, with pip too.
lock:
	uv pip compile --universal --generate-hashes --python-version 3.11 --all-extras --group dev --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml --output-file requirements/dev.txt

clean:
	rm -rf $(VENV) build dist src/assay/web/static .mypy_cache .ruff_cache .pytest_cache .hypothesis
