# Two commands: `make run` and `make test`. The others are their parts.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run console browser test test-console compiled lint lint-python lint-console types audit secrets bench bench-walls bench-list bench-timers bench-open pictures simulate chaos fuzz lock clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.9.11
TESTERS ?= 4

NODE_NEEDED := 20.19
CONSOLE := console/dist/index.html
CONSOLE_DOCUMENT := $(VENV)/.document
CONSOLE_SOURCES := $(shell find console/src console/public console/tools -type f -not -name schema.d.ts 2>/dev/null) \
	$(addprefix console/,index.html vite.config.ts tsconfig.json package.json package-lock.json)

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

console/node_modules/.installed: console/package-lock.json console/package.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
		&& command -v npm >/dev/null || { echo "控制台需要 Node $(NODE_NEEDED) 或更高及 npm; 请安装后重试 · the console needs Node $(NODE_NEEDED) or later and npm; install them and try again"; exit 1; }
	@echo "准备控制台 · preparing the console"
	@cd console && npm ci --no-progress --loglevel=error \
		|| { echo "控制台依赖下载失败; 请检查网络、磁盘与软件包索引的设置 · the console's dependencies could not be fetched; check network, disk and the package index"; exit 1; }
	@touch $@

# The types follow the API's own document; where that says the same as before, nothing is made anew.
$(CONSOLE_DOCUMENT): $(STAMP) $(wildcard api/*.py domain/*.py identity/*.py store/*.py)
	@$(BIN)/python -m api.document > $@.new
	@cmp -s $@.new console/openapi.json && rm $@.new || mv $@.new console/openapi.json
	@touch $@

console/openapi.json: $(CONSOLE_DOCUMENT)
	@test -e $@ || { rm -f $(CONSOLE_DOCUMENT); $(MAKE) --no-print-directory $(CONSOLE_DOCUMENT); }

# The folder changes places at the end, so that what is served meanwhile is whole.
$(CONSOLE): console/node_modules/.installed console/openapi.json $(CONSOLE_SOURCES)
	@echo "构建控制台 · building the console"
	@cd console && rm -rf .dist .dist-old && npm run -s types >/dev/null && npx vite build --outDir .dist --logLevel warn && node tools/pack.mjs .dist
	@cd console && { test ! -e dist || mv dist .dist-old; } && mv .dist dist && rm -rf .dist-old

console: $(CONSOLE) ## build the console, where something of it has changed

run: $(STAMP) $(CONSOLE) ## start everything, here and now; Ctrl-C stops it
	@exec $(BIN)/whistle up

lint: lint-python lint-console ## style, types, import rules, and known weaknesses

lint-python: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -ll -r . 2> >(grep -v 'nosec encountered' >&2)
	$(BIN)/python -m tests.support.audit

lint-console: $(CONSOLE)
	cd console && npm run -s check

test-console: $(CONSOLE)
	cd console && npm run -s test

# The processes of the tests, and those that they start, load the same: it is compiled once, whatever the surroundings say.
compiled: $(STAMP)
	@$(BIN)/python -m pytest --collect-only -q >$(VENV)/.collected || { tail -40 $(VENV)/.collected; exit 1; }

audit: $(STAMP) ## known weaknesses of the dependencies; fails where they cannot be asked for
	$(BIN)/python -m tests.support.audit --strict

secrets: $(STAMP) ## look at what looks like a secret, and keep what was looked at
	$(BIN)/detect-secrets scan --baseline .secrets.baseline
	$(BIN)/detect-secrets audit .secrets.baseline

# Tests look at the console in a real browser: Debian's own, fetched where it may be.
browser:
	@test -n "$${CHROMIUM:-}" || command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& echo "安装 Chromium · installing Chromium" && apt-get update -qq \
		&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null; } \
		|| { echo "测试需要 Chromium: 请安装 (Debian: apt install chromium-headless-shell) 或设置 CHROMIUM=路径 · tests need Chromium: install it (Debian: apt install chromium-headless-shell), or set CHROMIUM=/path/to/it"; exit 1; }

test: export PYTHONDONTWRITEBYTECODE :=
test: browser $(STAMP) ## lint, then all tests on real servers, on TESTERS processes at once
	@$(MAKE) --no-print-directory -j 2 --output-sync=target lint-python lint-console test-console compiled
	$(BIN)/python -m pytest -n $(TESTERS)

bench: $(STAMP) ## commands a second, through everything
	$(BIN)/python -m bench.commands

bench-walls: $(STAMP) ## what row-level security, seals and the record of looks cost
	$(BIN)/python -m bench.walls

bench-list: $(STAMP) console ## the list of 100,000 orders in a browser: until it is there, frames while scrolling, memory
	$(BIN)/python -m bench.long_list

bench-timers: $(STAMP) ## lateness of 10,000 deadlines in ten minutes, beside as many bare timers
	$(BIN)/python -m bench.timers --orders 10000 --minutes 10

bench-open: $(STAMP) ## memory, restart and lateness with 1,000, 5,000 and 20,000 open orders
	$(BIN)/python -m bench.open_orders --open 1000 5000 20000 --sample 500 --minutes 1.5 --down 90

pictures: $(STAMP) $(CONSOLE) browser ## pictures of every page in both languages, for docs/console.md
	$(BIN)/python -m tests.console.pictures

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
	rm -rf console/dist console/.dist console/.dist-old console/node_modules console/openapi.json console/src/api/schema.d.ts
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
