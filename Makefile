# make run: start the app. make test: check everything. make audit: known vulnerabilities in what is installed. All set up
# what they need; with PYTHON=python3.12 in an environment of its own.

PYTHON ?= python3
VENV := .venv$(patsubst %,-%,$(filter-out python3,$(notdir $(PYTHON))))
BIN := $(VENV)/bin
PY := $(BIN)/python
export BANDWEAVE_TEST_DATA ?= $(realpath ../shared/data)

AUDITOR := pip-audit==2.10.1

.PHONY: run test check audit browser benchmarks clean

# An environment of a Python, and what is installed into it.
environment = if command -v uv >/dev/null; then uv venv --quiet --python $(1) $(2); else $(1) -m venv $(2); fi
install = if command -v uv >/dev/null; then uv pip install --quiet --compile-bytecode --python $(1)/bin/python $(2); else \
  $(1)/bin/python -m pip --version >/dev/null 2>&1 || $(1)/bin/python -m ensurepip >/dev/null; \
  $(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2); fi

run: $(VENV)/.run
	$(BIN)/streamlit run app.py

# The browser's tests wait for what they see, so they have the machine for themselves. The others take a core each, in the order that
# tests/conftest.py gives them.
test: $(VENV)/.test browser check
ifdef ARGS
	$(PY) -m pytest $(ARGS)
else
	OMP_NUM_THREADS=1 $(PY) -m pytest -m "not browser" --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations 10
	$(PY) -m pytest -m browser --durations 10
endif

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The package is installed as a link to core/. Bytecode is compiled at once: without it every start takes twice as long.
$(VENV)/.run: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	test -d $(VENV) || { $(call environment,$(PYTHON),$(VENV)); }
	$(call install,$(VENV),-r requirements.txt)
	$(call install,$(VENV),--no-deps --editable .)
	$(PY) -c 'from bandweave.running.warmup import warm_up; warm_up()'
	touch $@

$(VENV)/.test: $(VENV)/.run tests/requirements.txt
	$(call install,$(VENV),-r tests/requirements.txt)
	touch $@

# The browser tests drive the system's Chromium; where there is none it is installed.
browser: $(VENV)/.test
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || command -v google-chrome >/dev/null \
	  || { command -v apt-get >/dev/null && test "$$(id -u)" = 0 \
	       && apt-get update -q && apt-get install -q -y chromium; } \
	  || $(BIN)/playwright install chromium

# Everything installed is looked up at osv.dev; what .audit names is accepted, for the reasons it gives.
audit: $(VENV)/.run
	@test -x $(VENV)/audit/bin/pip-audit \
	  || { { $(call environment,$(PY),$(VENV)/audit); } && { $(call install,$(VENV)/audit,$(AUDITOR)); } } \
	  || { echo "pip-audit cannot be installed: this needs the internet."; exit 1; }
	@$(PY) -c 'from importlib.metadata import distributions as found; \
	  print(*sorted({f"{each.name}=={each.version}" for each in found() if each.name not in ("bandweave", "pip")}), sep="\n")' \
	  > $(VENV)/audit/installed.txt
	@$(VENV)/audit/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off --vulnerability-service osv \
	  $$(sed -n 's/^\([A-Z][^ ]*\) .*/--ignore-vuln \1/p' .audit) -r $(VENV)/audit/installed.txt 2> $(VENV)/audit/log \
	  || { ! grep -q Traceback $(VENV)/audit/log || \
	       echo "osv.dev cannot be asked: this needs the internet. $(VENV)/audit/log has the details."; exit 1; }

benchmarks: $(VENV)/.test
	for each in benchmarks/*.py; do $(PY) $$each || exit 1; done

clean:
	rm -rf .venv .venv-* .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
