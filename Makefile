# Everything a newcomer needs. Each target starts from a fresh clone; only Python >= 3.11 with venv is assumed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench lock clean

demo: $(VENV)/.installed
	$(BIN)/ecluse demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/docs

bench: $(VENV)/.installed
	$(BIN)/ecluse bench

# The exact versions of requirements.lock, their hashes checked, then the project itself on top.
$(VENV)/.installed: requirements.lock setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# Resolve the dependencies of setup.cfg again, for every supported Python, and write requirements.lock.
lock:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras \
		--no-annotate --custom-compile-command 'make lock' --output-file requirements.lock setup.cfg requirements.in

clean:
	rm -rf $(VENV) build dist *.egg-info
