# The two commands: `make demo` and `make test`. Everything else is for people who change the code.
# Needs only Python 3.11 or newer with its venv module, and git.

PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock

.PHONY: demo test test-slow lint format train pictures worked-case bench replay lock docs package clean

demo: $(VENV)/.run
	$(BIN)/sousveil demo

# On all cores. An idle worker takes tests from the end of another's list, so few files are split.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal

# One after another: they measure time, and some need much memory.
test-slow: $(VENV)/.slow
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Trains the claim finder anew; passages of ordinary text come from bench/field.py and ordinary.py.
train: $(VENV)/.dev
	$(BIN)/python bench/train_claims.py

# The pictures of the desk in docs/, from a journey through the demo's case; needs a Chromium.
pictures: $(VENV)/.dev
	$(BIN)/python -m tools.pictures

# The case that docs/explanation/worked-case.md tells, from public repositories; needs the internet.
worked-case: $(VENV)/.run
	$(BIN)/python -m tools.worked_case

bench: $(VENV)/.dev
	$(BIN)/python bench/claims.py
	$(BIN)/python bench/facts.py --write
	$(BIN)/python bench/speed_claims.py
	$(BIN)/python bench/absence.py
	$(BIN)/python bench/diffs.py
	$(BIN)/python bench/commits.py
	$(BIN)/python bench/verify.py
	$(BIN)/python bench/scan.py --write
	$(BIN)/python bench/desk.py
	$(BIN)/python bench/capture.py

$(VENV)/bin/uv:
	@PYTHON="$(PYTHON)" sh tools/prepare.sh
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# What a user needs: the package and its dependencies, at the versions and hashes of the lock.
$(VENV)/.run: $(VENV)/bin/uv $(LOCK) pyproject.toml
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -c $(LOCK) -r pyproject.toml --extra ocr --extra alerts --extra scan
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

# The same, and what tests and lint need.
$(VENV)/.dev: $(VENV)/.run
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -c $(LOCK) -r pyproject.toml --all-extras --group dev
	@touch $@

# Referees that are built from source.
$(VENV)/.slow: $(VENV)/.dev
	@PYTHON="$(PYTHON)" sh tools/prepare.sh slow
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -c $(LOCK) --group slow
	@touch $@

# The optional player of WACZ files; its build takes ReplayWeb.page from npm.
replay: $(VENV)/.run
	$(BIN)/uv pip install --quiet --python $(BIN)/python ./replay

lock: $(VENV)/bin/uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--all-extras --group dev --group slow pyproject.toml -o $(LOCK)

# The documentation: a site, and the manual's page.
docs: $(VENV)/.dev
	$(BIN)/python -m sphinx -q -W -b html docs build/docs
	$(BIN)/python -m sphinx -q -W -b man -d build/doctrees docs build/man

# A wheel and an sdist, tried in environments of their own.
package: docs
	rm -rf dist
	$(BIN)/uv build --quiet --out-dir dist .
	$(BIN)/python tools/try_package.py dist

clean:
	rm -rf build dist
	rm -rf replay/LICENSES replay/sousveil_replay/player
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
