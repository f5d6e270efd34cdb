# Onym: every command of the house. `make help` lists them.

PYTHON ?= python3
PORT ?= 8000
SERVE ?= 1
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

# For checking production's settings: system checks connect to nothing, so these addresses need not exist.
DEPLOYED := ONYM_ENV=production ONYM_HOME=$(VENV)/deploy-check ALLOWED_HOSTS=onym.example \
	DATABASE_URL=postgresql://onym@database.invalid/onym KEYSTORE_URL=postgresql://onym@keystore.invalid/onym_keys

# Every command is a process of its own: without compiled modules each would take some four seconds more to begin.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo serve test test-slow test-data privacy-report privacy-mutants consent-mutants bench-privacy bench-ingest bench-resolve bench-identity lint lock screenshots clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-15s %s\n' "$$name" "$$text"; done

install: $(VENV)/.base ## create .venv from the pinned requirements

install-dev: $(VENV)/.dev ## the same, with what tests and lint need

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Onym needs Python 3.11 or newer: make PYTHON=python3.13 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: requirements/base.txt | $(PY)
	@echo "Installing $< into $(VENV): half a minute once the packages are downloaded"
	@$(PY) requirements/install.py $<
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(PY)
	@echo "Installing $< into $(VENV): a minute once the packages are downloaded"
	@$(PY) requirements/install.py $<
	@touch $(VENV)/.base $@

demo: install ## load the demo, run the main job, then serve (SERVE=0: exit instead)
	@$(PY) manage.py demo $(ARGS)
	@if [ "$(SERVE)" != 0 ]; then exec $(PY) manage.py serve --port $(PORT); fi

serve: install ## serve the admin and the API on PORT until Ctrl-C
	@exec $(PY) manage.py serve --port $(PORT) $(ARGS)

test: install-dev ## run the tests, with coverage
	$(PY) -m pytest -n 2 -m "not slow and not data" --cov --cov-report=term:skip-covered $(ARGS)

test-slow: install-dev ## run what takes longer: mutants, faults, large files, both PostgreSQL versions
	$(PY) -m pytest -n 2 -m slow $(ARGS)

test-data: install-dev ## run the tests on real data below ONYM_DATA
	@[ -n "$$ONYM_DATA" ] && [ -d "$$ONYM_DATA" ] \
		|| echo "ONYM_DATA names no directory: the tests on real data will be skipped."
	$(PY) -m pytest -m data -rs $(ARGS)

privacy-report: install-dev ## run the 52 privacy statements; print which hold and write docs/privacy-report.md
	@$(PY) -m tests.statements.report

privacy-mutants: install-dev ## sabotage each statement once: its tests must notice (ARGS="7 42": only these)
	@$(PY) -m tests.statements.mutants $(ARGS)

consent-mutants: install-dev ## break the consent decision and every call of it in small ways (ARGS="consent/rules.py": only there)
	@$(PY) -m tests.mutation $(ARGS)

bench-privacy: install-dev ## what privacy costs, for a million people (ARGS=100000: for fewer)
	@$(PY) -m bench.privacy $(ARGS)

bench-ingest: install-dev ## what comes in per second, durably, beside a bare COPY (ARGS=20000: fewer events)
	@$(PY) -m bench.ingest $(ARGS)

bench-resolve: install-dev ## one new record against a million profiles, until its assignment is committed (ARGS=20000: fewer)
	@$(PY) -m bench.resolve $(ARGS)

bench-identity: install-dev ## who is who in a file, beside Splink, for a million rows (ARGS=100000: for fewer)
	@$(PY) -m bench.identity $(ARGS)

lint: install-dev ## ruff, mypy, import rules, complete lock, deployment checks, missing migrations
	$(PY) -m pip check
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	@echo "manage.py check --deploy"
	@$(DEPLOYED) SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(50))') \
		$(PY) manage.py check --deploy --fail-level ERROR
	$(PY) manage.py makemigrations --check --dry-run

lock: ## pin the requirements anew with uv (ARGS=--upgrade: to the newest versions)
	$(COMPILE) $(ARGS) pyproject.toml -o requirements/base.txt
	$(COMPILE) $(ARGS) pyproject.toml --extra redis --extra aws --extra vault --extra parquet -c requirements/base.txt -o requirements/production.txt
	$(COMPILE) $(ARGS) pyproject.toml --extra redis --extra aws --extra vault --extra parquet --extra dev -c requirements/base.txt -o requirements/dev.txt

screenshots: install-dev ## take pictures of the admin with headless Chromium
	$(PY) manage.py screenshots $(ARGS)

clean: ## remove the environment and caches, never the data in var/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* htmlcov staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
