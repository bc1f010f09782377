# make run: start the app. make test: check everything. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
export BANDWEAVE_TEST_DATA ?= $(realpath ../shared/data)

.PHONY: run test check browser benchmarks clean

run: $(VENV)/.run
	$(BIN)/streamlit run app.py

# The browser's tests wait for what they see, so they have the machine for themselves. The others keep the order that
# tests/conftest.py gives them.
test: $(VENV)/.test browser check
ifdef ARGS
	$(PY) -m pytest $(ARGS)
else
	$(PY) -m pytest -m "not browser" --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations 10
	$(PY) -m pytest -m browser --durations 10
endif

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The package is installed as a link to core/. Bytecode is compiled at once: without it every start takes twice as long.
$(VENV)/.run: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	if command -v uv >/dev/null; then \
	  test -d $(VENV) || uv venv --quiet --python $(PYTHON) $(VENV); \
	  uv pip install --quiet --compile-bytecode --python $(PY) -r requirements.txt; \
	  uv pip install --quiet --python $(PY) --no-deps --editable .; \
	else \
	  test -d $(VENV) || $(PYTHON) -m venv $(VENV); \
	  $(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null; \
	  $(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt; \
	  $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .; \
	fi
	$(PY) -c 'from bandweave.running.warmup import warm_up; warm_up()'
	touch $@

$(VENV)/.test: $(VENV)/.run tests/requirements.txt
	if command -v uv >/dev/null; then \
	  uv pip install --quiet --compile-bytecode --python $(PY) -r tests/requirements.txt; \
	else \
	  $(PY) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt; \
	fi
	touch $@

# The browser tests drive the system's Chromium; where there is none it is installed.
browser: $(VENV)/.test
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || command -v google-chrome >/dev/null \
	  || { command -v apt-get >/dev/null && test "$$(id -u)" = 0 \
	       && apt-get update -q && apt-get install -q -y chromium; } \
	  || $(BIN)/playwright install chromium

benchmarks: $(VENV)/.test
	for each in benchmarks/*.py; do $(PY) $$each || exit 1; done

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
