# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
# Needs Python 3.11 or newer with its venv module, and nothing else.

SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
RUN := $(VENV)/bin/
PIP := $(RUN)python -m pip --disable-pip-version-check

# The first Python that is new enough; PYTHON=/path/to/python chooses another.
FIND_PYTHON = for candidate in "$(PYTHON)" python3 python3.12 python3.13 python3.11 python3.14 python; do \
	  [ -n "$$candidate" ] || continue; \
	  "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { python="$$candidate"; break; }; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "需要 Python 3.11 或更高版本，没有找到（python3 是 $$(python3 --version 2>&1)）。" >&2; \
	  echo "Python 3.11 or newer is needed; install it, or name it: make PYTHON=/path/to/python3.11 …" >&2; \
	  exit 1; \
	fi

.PHONY: help demo test bench lint types contracts migrations-check docs-check lock venv venv-dev clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: venv  ## Build and open the demo county (address and logins are printed)
	@$(RUN)tanhui demo $(ARGS)

test: venv-dev  ## Run every test, in random order
	@$(RUN)python -m pytest -n 2 --dist loadfile $(ARGS)

bench: venv-dev  ## Run the benchmarks
	@$(RUN)python -m bench $(ARGS)

lint: venv-dev  ## Style and common faults
	@$(RUN)ruff check
	@$(RUN)ruff format --check

types: venv-dev  ## Static types
	@$(RUN)mypy

contracts: venv-dev  ## Which room may import which
	@PYTHONPATH=src $(RUN)lint-imports

migrations-check: venv-dev  ## Models and migrations agree
	@$(RUN)tanhui django makemigrations --check --dry-run

docs-check: venv-dev  ## Documents name only what exists
	@$(RUN)python -m pytest -q tests/house/test_docs.py

lock: venv-dev  ## Resolve requirements/*.in again (asks the package index)
	@cd requirements && ../$(RUN)uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -o runtime.txt runtime.in
	@cd requirements && ../$(RUN)uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -c runtime.txt -o dev.txt dev.in

venv: $(VENV)/.runtime-ready  ## Install what the product needs

venv-dev: $(VENV)/.dev-ready  ## Install what the tests and checks need on top

$(VENV)/bin/python:
	@$(FIND_PYTHON); \
	echo "建立 $(VENV)（$$("$$python" --version)）……"; \
	"$$python" -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "这个 Python 不能建立虚拟环境；Debian/Ubuntu 请先安装：apt install python3-venv" >&2; exit 1; }

$(VENV)/.runtime-ready: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "安装依赖（首次约一分钟）……"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/runtime.txt
	@$(PIP) install -q --no-index --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev-ready: requirements/dev.txt $(VENV)/.runtime-ready
	@echo "安装测试与检查工具……"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@

clean:  ## Remove .venv and caches; the data in var/ stay
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build src/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@[ ! -d var ] || echo "var/ 中的数据保留；要删除演示数据：tanhui demo --reset，或自行删除 var/"
