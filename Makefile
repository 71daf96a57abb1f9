# Everything a newcomer needs. Each target starts from a fresh clone; only Python >= 3.11 with venv is assumed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install demo test check bench lock clean

install: $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/ecluse demo

test: $(VENV)/.installed $(VENV)/.system
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

# A browser for the tests of web pages, and Pango for the one-page check: installed where root may, else those tests skip.
SYSTEM := chromium libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core

$(VENV)/.system: | $(VENV)/.installed
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v chromium >/dev/null; then \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SYSTEM); } \
			>/dev/null 2>&1 || echo "system packages were not installed: tests that need them skip"; \
	fi
	@touch $@

# Resolve the dependencies of setup.cfg again, for every supported Python, and write requirements.lock.
lock:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras \
		--no-annotate --custom-compile-command 'make lock' --output-file requirements.lock setup.cfg requirements.in

clean:
	rm -rf $(VENV) build dist *.egg-info
