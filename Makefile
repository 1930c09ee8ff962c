# Every target works on a fresh clone with nothing but Python 3.11-3.13 and make.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
CONFIG ?= configs/embedded.yaml
export KALEIDO_PORT ?= 8000
export KALEIDO_DATA ?= .kaleido

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.venv/runtime: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[embedded,load]'
	@touch $@

.venv/dev: .venv/runtime
	$(BIN)/pip install --quiet --editable '.[embedded,load,typhoon,dev]'
	@touch $@

demo: .venv/runtime ## start the embedded cluster, caption Thai speech live, show the results
	$(BIN)/python -m deployments.demo

serve: .venv/runtime ## keep the cluster up (CONFIG=..., KALEIDO_PORT=8000, KALEIDO_DATA=.kaleido)
	@exec $(BIN)/python -m deployments.serve $(CONFIG)

dev: .venv/runtime ## the same API in one process, without a cluster
	@exec $(BIN)/python -m deployments.dev $(CONFIG)

test: .venv/dev ## all tests that need no GPU
	$(BIN)/pytest

check: .venv/dev ## lint, types, import rules, contract coverage
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.contracts

load: .venv/runtime ## measure a running cluster (start it with `make serve`)
	$(BIN)/python -m loadtests.thai_asr --url http://127.0.0.1:$(KALEIDO_PORT) --data $(KALEIDO_DATA)

clean: ## remove what the other targets made
	rm -rf .venv .kaleido .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info build
	find . -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help demo serve dev test check load clean
