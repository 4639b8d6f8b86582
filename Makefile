# Assay: the commands that always work. Needs Python 3.11 or later and make; everything else comes with `make setup`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Most of a test is waiting: two more than the processors.
WORKERS ?= $(shell expr $$(nproc) + 2)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What was compiled once is not compiled again by each of a thousand processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo run test pytest browser chromium collected lint style types docs bench lock clean

BUNDLE := src/assay/web/static/manifest.json

setup: $(VENV)/.complete $(BUNDLE)

# What Assay imports is compiled once, for who may not write to $(VENV). Compiling all 16,000 modules would take a minute more.
COMPILED := import importlib, pkgutil, assay; [importlib.import_module(found.name) for found in \
  pkgutil.walk_packages(assay.__path__, "assay.") if "migrations" not in found.name and "__main__" not in found.name]

# Half of the lock by one pip and half by another: one unpacks while the other waits for the index.
LOCKED := $(BIN)/python -m pip install --quiet --no-compile --no-deps --require-hashes --requirement

# The locks are complete, so nothing is resolved. The pip that comes with a Python may be years old: it works, in twice the time.
$(VENV)/.complete: requirements/dev.txt requirements/pip.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Assay needs Python 3.11 or later; $$($(PYTHON) --version) is what 'python3' is here. Say which one to use: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) (a minute or two the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-compile --require-hashes --requirement requirements/pip.txt 2>/dev/null || true
	@awk '/^[A-Za-z0-9]/ { nth++ } { print > ("$(VENV)/lock-" nth % 2 ".txt") }' requirements/dev.txt
	@$(LOCKED) $(VENV)/lock-0.txt & other=$$!; $(LOCKED) $(VENV)/lock-1.txt; code=$$?; wait $$other && exit $$code
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable . & other=$$!; \
	  PYTHONPATH=src $(BIN)/python -c '$(COMPILED)'; code=$$?; wait $$other && exit $$code
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

# Types are checked beside the tests: on two processors that saves a minute. So does what must come before them, side by side.
test:
	@$(MAKE) --no-print-directory -j 2 setup chromium
	@$(MAKE) --no-print-directory -j 2 browser style collected types pytest READY="browser collected"

# Every worker imports all tests as it begins: compiled here, they are not compiled by each. What is wrong, the tests tell.
collected: setup
	@$(BIN)/pytest --collect-only -p no:xdist >/dev/null 2>&1 || true

pytest: setup $(READY)
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

# Tests of pages need a Chromium: found, installed where we may, or its absence said.
browser: setup chromium
	@$(BIN)/python tests/web/get_browser.py

chromium:
	@$(PYTHON) tests/web/get_browser.py --package

lint: style types

style: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

# A cache takes a fifth of the time to write, which comes back only to who checks again: `make lint` begins one.
CACHE := $(if $(wildcard .mypy_cache),,$(if $(filter lint,$(MAKECMDGOALS)),,--cache-dir=/dev/null))

types: setup
	$(BIN)/mypy $(CACHE)

# The documentation as a site in site/, built so that a warning ends it.
docs: setup
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict && echo "The documentation: site/index.html"

bench: setup
	$(BIN)/python benchmarks/all.py

# Needs uv. The locks carry hashes and name no index, so they work behind any mirror, with pip too.
lock:
	echo pip | uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links - --output-file requirements/pip.txt
	uv pip compile --universal --generate-hashes --python-version 3.11 --all-extras --group dev --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml --output-file requirements/dev.txt

clean:
	rm -rf $(VENV) build dist src/assay/web/static .mypy_cache .ruff_cache .pytest_cache .hypothesis
