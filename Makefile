# Two commands matter: `make demo` and `make test`. Everything they need lands in .venv/.
SHELL := /bin/sh
PYTHON ?= python3
SERVE ?= 1
BIN := .venv/bin
# Tests and kernels are sized for two cores; BLAS threads on top of processes only fight over them.
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1
# What Python compiles is kept: without it every process that a test or a page starts compiles all of it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo dev-aws test explore check lint types imports install install-dev emulators lock peers screenshots clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/.uv:
	@echo "==> creating .venv"
	@$(PYTHON) -c 'import sys; sys.exit("Shelfcast needs Python 3.11 or newer; this is " + sys.version) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

.venv/.installed: .venv/.uv requirements.txt pyproject.toml
	@echo "==> installing (pinned in requirements.txt)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@echo "==> compiling kernels once (cached for every later run)"
	@$(BIN)/python -m jobs.warm
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	@echo "==> installing test tools (pinned in requirements-dev.txt)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt
	@touch $@

install: .venv/.installed ## Set up .venv for running
install-dev: .venv/.installed-dev ## Set up .venv for developing

demo: .venv/.installed ## Build the demo lake, plan it and open the dashboard (SERVE=0 stops before serving)
	@$(BIN)/shelfcast demo $(if $(filter 0,$(SERVE)),--no-serve,--serve)

emulators: install-dev ## Set up what stands in for AWS: SNS and SQS, and Lambda's runtime
	@sh scripts/aws-emulator.sh
	@sh scripts/lambda-rie.sh

dev-aws: emulators ## The AWS path on this laptop: S3, SNS, SQS, the functions and a mail server
	@$(BIN)/shelfcast dev-aws

test: emulators ## Everything: system packages, lint, types, import rules, tests with coverage
	@sh scripts/system-packages.sh
	@$(MAKE) --no-print-directory lint types imports
	@echo "==> tests"
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup --cov --cov-report=term --durations=15

explore: install-dev ## Property tests with new examples each time (make test repeats the same ones)
	@HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -q -n 2 --dist loadgroup -m hypothesis

check: lint types imports ## Fast checks without tests

lint:
	@echo "==> ruff"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

types:
	@echo "==> mypy"
	@$(BIN)/mypy

imports:
	@echo "==> import rules"
	@$(BIN)/lint-imports

lock: .venv/.uv ## Compile requirements*.txt from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links --upgrade pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

peers: .venv/.uv ## Set up .venv-peers: what bench.forecast and bench.decisions compare with
	@$(PYTHON) -m venv .venv-peers
	@$(BIN)/uv pip install --quiet --python .venv-peers/bin/python -r bench/forecast/peers-requirements.txt -r bench/decisions/peers-requirements.txt

screenshots: install-dev ## Take the pictures of docs/ again with a real browser
	@sh scripts/system-packages.sh
	@$(BIN)/python -m pytest -q tests/browser --screenshots docs/screenshots

clean: ## Remove the environment and caches
	@rm -rf .venv .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
