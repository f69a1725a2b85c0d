# make demo       the whole story, from nothing, with Python ≥ 3.11 alone
# make test       every check and test; what needs Node, PostgreSQL or strace is skipped where that is not there
# make lint       style, types, layers
# make contracts  recompile the contracts (needs Node)
# make format     put sources into their one form
# make coverage   tests with branch coverage
# make lock       resolve the dependencies anew
# make node       install the npm tools of hardhat/ (needs npm)
# make clean      remove what the above have made, a ledger's data excepted

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
# The newest Python that the locks are valid for, unless the caller names one.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	path=$$(command -v $$name) && $$path -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$path; break; }; \
	done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PIP_COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --allow-unsafe --strip-extras
PYTEST_ARGS ?=
# Two at a time; tests that share a running ledger stay together (tests/conftest.py), the long ones begin first.
WORKERS ?= 2

.PHONY: demo test lint contracts contracts-check format coverage lock node clean

demo: $(STAMPS)/runtime
	$(BIN)/huxin demo

test: lint
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 20 $(PYTEST_ARGS)

lint: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(STAMPS)/dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	if [ -d hardhat/node_modules ]; then cd hardhat && export PATH="$$PWD/node_modules/.bin:$$PATH" && npm run --silent format; fi

coverage: $(STAMPS)/dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

contracts: $(STAMPS)/dev
	$(BIN)/python -m scripts.compile_contracts

contracts-check: $(STAMPS)/dev
	$(BIN)/python -m scripts.compile_contracts --check

lock: $(STAMPS)/dev
	$(PIP_COMPILE) --output-file requirements/runtime.txt pyproject.toml
	$(PIP_COMPILE) --output-file requirements/build.txt requirements/build.in
	$(PIP_COMPILE) --output-file requirements/dev.txt requirements/dev.in
	$(PIP_COMPILE) --output-file requirements/slither.txt requirements/slither.in

node: hardhat/node_modules/.installed

# A stamp is written last, so that a finished installation is not done again; one that was interrupted may have left
# half a package behind, so it starts over.
define install
	@if [ -e $(STAMPS)/installing ]; then \
		echo '上次安装中断, 重新开始 / the last installation was interrupted, starting over'; \
		"$(PYTHON)" -m venv --clear $(VENV) && mkdir -p $(STAMPS) && touch $(STAMPS)/venv; \
	fi
	@touch $(STAMPS)/installing
	$(PIP) install --require-hashes $(addprefix -r ,$(1))
	$(PIP) install --no-deps --no-build-isolation --editable .
	@rm $(STAMPS)/installing
	@touch $@
endef

$(STAMPS)/venv:
	@if [ -z "$(PYTHON)" ]; then \
		echo '需要 Python 3.11–3.13 (含 venv) / needs Python 3.11 to 3.13 with its venv module (Debian: apt-get install python3-venv)' >&2; exit 1; \
	fi
	"$(PYTHON)" -m venv --clear $(VENV)
	@mkdir -p $(STAMPS)
	@touch $@

$(STAMPS)/runtime: requirements/runtime.txt requirements/build.txt pyproject.toml | $(STAMPS)/venv
	@echo '安装依赖, 约一分钟 / installing dependencies, about a minute ...'
	$(call install,requirements/runtime.txt requirements/build.txt)

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/runtime
	@echo '安装检查工具 / installing the tools for checking ...'
	$(call install,requirements/dev.txt)

# Twice: the first run brings the locked Node and npm, the second is theirs and so installs what asks for that Node.
# Not `npm ci`, which refuses a lock without the packages of platforms that the locking machine could not see;
# `--no-save` takes versions and hashes from the lock all the same, and leaves it alone.
hardhat/node_modules/.installed: hardhat/package.json hardhat/package-lock.json hardhat/.npmrc
	cd hardhat && npm install --no-save --loglevel=error
	cd hardhat && node_modules/node-linux-*/bin/node node_modules/npm/bin/npm-cli.js install --no-save --loglevel=error
	touch $@

clean:
	rm -rf $(VENV) hardhat/node_modules hardhat/artifacts hardhat/cache build dist .coverage .coverage.* htmlcov \
		.hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
