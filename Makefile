# Two commands: `make run` and `make test`. The others are their parts.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test lint types audit secrets bench bench-walls bench-timers bench-open simulate chaos fuzz lock clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.9.11
TESTERS ?= 4

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# Done again only when what is installed has changed.
$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更高; 请安装后重试, 或 make PYTHON=/path/to/python3.11 · Python 3.11 or later is needed; install it, or say make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "准备环境 · preparing the environment ($(VENV))"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "无法创建 $(VENV); 在 Debian 上请 apt install python3-venv · $(VENV) cannot be made; on Debian: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -q --require-hashes -r requirements.lock \
		|| { echo "依赖下载或校验失败; 请检查网络、磁盘与软件包索引的设置 · the dependencies could not be fetched or verified; check network, disk and the package index"; exit 1; }
	@PYTHONWARNINGS='ignore:Editable installation' \
		$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

run: $(STAMP) ## start everything, here and now; Ctrl-C stops it
	@exec $(BIN)/whistle up

lint: $(STAMP) ## style, types, import rules, and known weaknesses
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -ll -r . 2> >(grep -v 'nosec encountered' >&2)
	$(BIN)/python -m tests.support.audit

audit: $(STAMP) ## known weaknesses of the dependencies; fails where they cannot be asked for
	$(BIN)/python -m tests.support.audit --strict

secrets: $(STAMP) ## look at what looks like a secret, and keep what was looked at
	$(BIN)/detect-secrets scan --baseline .secrets.baseline
	$(BIN)/detect-secrets audit .secrets.baseline

test: lint ## lint, then all tests on real servers, on TESTERS processes at once
	$(BIN)/python -m pytest -n $(TESTERS)

bench: $(STAMP) ## commands a second, through everything
	$(BIN)/python -m bench.commands

bench-walls: $(STAMP) ## what row-level security, seals and the record of looks cost
	$(BIN)/python -m bench.walls

bench-timers: $(STAMP) ## lateness of 10,000 deadlines in ten minutes, beside as many bare timers
	$(BIN)/python -m bench.timers --orders 10000 --minutes 10

bench-open: $(STAMP) ## memory, restart and lateness with 1,000, 5,000 and 20,000 open orders
	$(BIN)/python -m bench.open_orders --open 1000 5000 20000 --sample 500 --minutes 1.5 --down 90

simulate: $(STAMP) ## a year of 100,000 orders over the rules alone, and whether they held
	$(BIN)/python -m bench.simulate

chaos: $(STAMP) ## kill -9 of every part amid running orders, and the proof that nothing is lost
	$(BIN)/python -m bench.chaos

fuzz: $(STAMP) ## 100,000 requests made up from the API's own description, by every role
	$(BIN)/python -m tests.access.fuzz --requests 100000

lock: ## pin all dependencies anew, with their hashes
	@command -v uv >/dev/null || $(BIN)/python -m pip install --disable-pip-version-check -q uv==$(UV_VERSION)
	PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile --python-version 3.11 --extra dev --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock

clean: ## remove what can be made again; data and the engine's cache stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
