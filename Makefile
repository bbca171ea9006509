# make run     sets up, reads the sample documents, prints what the sample rules find, and goes on watching
# make test    sets up and runs every test              make check    lint, types, import contracts
# make bench   the measurements of bench/RESULTS.md      make datasette   the research desk on the first run's store
# make lock    resolves the dependencies anew (needs uv) make crash    the long form of the crash harness
# make install / uninstall   as a systemd service, as root; PREFIX=/opt/monitor, DESTDIR= for packages
# make screenshots           docs/screenshots, by headless Chromium
#
# Everything lands in .venv. Set-up is repeated only when a lock file changes; without network afterwards.

NEWEST = for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done
PYTHON ?= $(or $(shell $(NEWEST)),python3)
VENV   := .venv
BIN    := $(VENV)/bin
# Two workers: the tests wait more than they compute, and every machine we build on has two cores.
PYTEST ?= $(BIN)/python -m pytest -n 2 --dist loadgroup
TESTS  ?=

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
# The locks name every package with its hashes: nothing is resolved, nothing else is let in.
PIP_INSTALL := $(PIP) install --no-deps --require-hashes

.PHONY: run test check bench train datasette lock crash screenshots install uninstall clean help system-packages
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

# ── set-up ──────────────────────────────────────────────────────────────────────────────────────
# A stamp is made of the lock's content, not of its date: a fresh clone has fresh dates.

STAMP = $(VENV)/.$(1)-$(shell cat $(2) | cksum | cut -d' ' -f1)
PRODUCT := $(call STAMP,product,requirements.lock pyproject.toml)
DEV     := $(call STAMP,dev,requirements.lock tests/requirements.lock)
BENCH   := $(call STAMP,bench,requirements.lock bench/requirements.lock)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: Python 3.11 or newer is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || echo not there)." >&2; \
	  echo "      On Debian 12 or newer: apt-get install python3 python3-venv. Or: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "make: $(PYTHON) cannot make virtual environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV)

$(PRODUCT): | $(BIN)/python
	@echo "Installing what requirements.lock names …"
	@$(PIP_INSTALL) -r requirements.lock
	@# The package itself by a path file: an editable install would need a build tool from the network.
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "monitor-here.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@printf '#!/bin/sh\nexec "%s/$(BIN)/python" -m monitor "$$@"\n' "$$PWD" > $(BIN)/monitor && chmod +x $(BIN)/monitor
	@rm -f $(VENV)/.product-*; touch $@

$(DEV): $(PRODUCT)
	@echo "Installing the tools of the tests …"
	@$(PIP_INSTALL) -r tests/requirements.lock
	@rm -f $(VENV)/.dev-*; touch $@

$(BENCH): $(DEV)
	@echo "Installing what is measured against …"
	@$(PIP_INSTALL) -r bench/requirements.lock
	@rm -f $(VENV)/.bench-*; touch $@

# ── to use ──────────────────────────────────────────────────────────────────────────────────────

run: $(PRODUCT)
	@exec $(BIN)/monitor --config config.toml run

datasette: $(PRODUCT)
	@exec $(BIN)/monitor --config config.toml datasette

install: $(PRODUCT)
	@$(BIN)/monitor install --prefix "$(or $(PREFIX),/opt/monitor)" $(if $(DESTDIR),--destdir "$(DESTDIR)") $(if $(DRY_RUN),--dry-run)

uninstall: $(PRODUCT)
	@$(BIN)/monitor uninstall --prefix "$(or $(PREFIX),/opt/monitor)" $(if $(DESTDIR),--destdir "$(DESTDIR)") $(if $(DRY_RUN),--dry-run)

# ── to work on it ───────────────────────────────────────────────────────────────────────────────

# Each step runs even if one before it failed: one run tells all.
check: $(DEV)
	@failed=; \
	$(BIN)/python -m ruff check . || failed=1; \
	$(BIN)/python -m mypy || failed=1; \
	$(BIN)/lint-imports || failed=1; \
	test -z "$$failed"

test: $(DEV) system-packages
	@$(PYTEST) $(TESTS)

crash: $(DEV)
	@CRASH_ROUNDS=$${CRASH_ROUNDS:-200} $(BIN)/python -m pytest tests/crash -p no:xdist --timeout 3600

bench: $(BENCH)
	@$(BIN)/python -m bench

# The cleaner's model, from the development corpus beside the project. The learning framework stays out of the product.
train: $(DEV)
	@$(PIP) install --target $(VENV)/train -r bench/cleaning/requirements.txt
	@PYTHONPATH="$(VENV)/train:." $(BIN)/python -m bench.cleaning.train $(TRAIN)
	@PYTHONPATH="$(VENV)/train:." $(BIN)/python -m bench.cleaning.strangers

screenshots: $(DEV)
	@$(BIN)/python docs/screenshots/make.py

# The tests need a browser and systemd's own checker. A clean build machine gets them here; elsewhere the tests
# that need them are skipped and say so.
system-packages:
ifeq ($(CI),true)
	@missing=; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v systemd-analyze >/dev/null || missing="$$missing systemd"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing$$missing …"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
	fi
endif

# Written by uv, so that one file serves Python 3.11 and newer; read by plain pip.
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command 'make lock'
lock:
	@command -v uv >/dev/null || { echo "make: 'uv' is needed to make the locks: https://docs.astral.sh/uv/" >&2; exit 1; }
	$(UV_COMPILE) --all-extras -o requirements.lock pyproject.toml
	$(UV_COMPILE) --group dev -c requirements.lock -o tests/requirements.lock
	$(UV_COMPILE) --group bench -c requirements.lock -o bench/requirements.lock

# Leaves var/, where the first run's store is.
clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
