# Everything a newcomer or a maintainer runs; `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TRAINERS := .venv-trainers
TORCH := torch==2.13.0+cpu
PORT ?= 8600
BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev browser demo test test-trainers check lint bench screenshots wheel lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/bin/uv:
	@echo "==> Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt

$(VENV)/.runtime: $(VENV)/bin/uv requirements/runtime.txt pyproject.toml
	@echo "==> Installing the locked packages"
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements/runtime.txt || \
	  $(BIN)/python -m pip install --require-hashes -r requirements/runtime.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@echo "==> Installing the locked packages for tests"
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements/dev.txt || \
	  $(BIN)/python -m pip install --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(VENV)/.runtime ## Prepare .venv (its bin/workbench is the command) and the Label Studio editor
	@$(BIN)/workbench editor fetch

setup-dev: setup $(VENV)/.dev browser

browser:
	@command -v chromium >/dev/null || { \
	  echo "==> Installing Chromium through apt"; \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  $$sudo apt-get update -q && $$sudo apt-get install -y -q chromium fonts-noto-core; } || { \
	  echo "Chromium is needed for the browser tests: install it and put it on PATH"; exit 1; }

demo: setup ## Fill a demo organization and serve it
	@$(BIN)/workbench demo --port $(PORT)

test: setup-dev ## Run every test
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

# Only a CPU build of PyTorch will do: the default one of an index comes with gigabytes for GPUs. Where
# pip finds none by itself, PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL tells it where one is.
$(TRAINERS)/.torch: Makefile
	@echo "==> Installing $(TORCH) in $(TRAINERS)"
	@$(PYTHON) -m venv $(TRAINERS)
	@$(TRAINERS)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps '$(TORCH)'
	@touch $@

# The lock is whole but for PyTorch, hence --no-deps and the check of the outcome.
$(TRAINERS)/.ready: $(VENV)/bin/uv $(TRAINERS)/.torch requirements/trainers.txt requirements/trainers-code.txt pyproject.toml
	@echo "==> Installing the locked packages of the trainers"
	@$(BIN)/uv pip install --quiet --python $(TRAINERS)/bin/python --no-deps --require-hashes -r requirements/trainers.txt
	@$(BIN)/uv pip install --quiet --python $(TRAINERS)/bin/python --no-deps --no-build-isolation --editable .
	@$(BIN)/uv pip check --python $(TRAINERS)/bin/python
	@$(BIN)/uv pip install --quiet --python $(TRAINERS)/bin/python --no-deps --require-hashes \
	  --target $(TRAINERS)/dataset-code -r requirements/trainers-code.txt
	@touch $@

test-trainers: $(TRAINERS)/.ready ## Take a training step of each trainer on exported files (needs a CPU build of PyTorch)
	@$(TRAINERS)/bin/python -m pytest -c tests/trainers/pytest.ini tests/trainers

lint: setup-dev ## Check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test ## Run lint, then every test

bench: setup-dev ## Measure speed against peers and limits (BENCH=quick for a short run)
	@$(BIN)/python -m benchmarks.run $(BENCH)

screenshots: setup-dev ## Make the pictures of the README from the demo
	@$(BIN)/python -m documentation.screenshots

wheel: setup ## Build a wheel that carries the editor
	@$(BIN)/python -m hatchling build -t wheel

lock: $(VENV)/bin/uv ## Lock the dependencies again
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --group build --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements/dev.txt
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group build --universal --python-version 3.11 \
	  --constraint requirements/dev.txt --generate-hashes --no-emit-index-url --no-header --quiet \
	  --output-file requirements/runtime.txt
	@$(BIN)/uv pip compile requirements/trainers.in --overrides requirements/trainers-overrides.txt --universal \
	  --python-version 3.11 --constraint requirements/dev.txt --generate-hashes --no-emit-index-url \
	  --no-emit-package torch --no-header --quiet --output-file requirements/trainers.txt
	@$(BIN)/uv pip compile requirements/trainers-code.in --no-deps --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements/trainers-code.txt

clean: ## Remove what the targets made (not the data)
	@rm -rf $(VENV) $(TRAINERS) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
