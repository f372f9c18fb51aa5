# Every target sets itself up in a virtual environment; a second run starts at once.
# PYTHON=python3.12 makes the environment with another interpreter, VENV=dir puts it elsewhere;
# EXTRAS=dev,spark has the Spark tests run, which are skipped without pyspark.
PYTHON ?= python3
VENV   ?= .venv
EXTRAS ?= dev
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

# Whoever works on the package wants to see why the extension does not build.
export AGORA_TOKEN_BUILD ?= native

# What an installation is made of; the editable one follows all other files by itself.
SOURCES := pyproject.toml setup.py \
	$(wildcard src/agora_token/*.pyx src/agora_token/*.pxd src/agora_token/_cython/* \
		src/agora_token/_csrc/* src/agora_token/_csrc/*/*)

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo ## issue a million tokens from a roster, and check them
	$(BIN)/python examples/demo.py

test: $(VENV)/.dev ## run the tests over both backends; ARGS="-k salt" are pytest's
	$(BIN)/python -m pytest $(ARGS)

bench: $(VENV)/.dev ## measure against the packages on PyPI: one table
	$(BIN)/python -m benchmarks $(ARGS)

bench-smoke: $(VENV)/.dev ## run each benchmark once, to see that it works
	$(BIN)/python -m benchmarks --smoke
	$(BIN)/python -m pytest benchmarks --benchmark-disable $(ARGS)

lint: $(VENV)/.dev ## ruff, mypy --strict, and imports against the floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest agora_token._core --ignore-missing-stub
	$(BIN)/lint-imports --no-logo --no-cache

test-c: ## build and run the C tests, under sanitizers and for ARM
	tests/c/run

wheel: $(VENV)/.dev ## build the sdist and the wheel into dist/
	$(BIN)/python -m build

clean: ## remove the environment and everything built
	rm -rf $(VENV) build dist src/*.egg-info src/agora_token/*.so
	rm -rf .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} +

# One stamp a set of extras. Stamps lie in the environment and vanish with it.
$(VENV)/.demo: EXTRAS := batch
$(VENV)/.demo $(VENV)/.dev: $(SOURCES) $(VENV)/.$(notdir $(PYTHON))
	$(PIP) install --editable '.[$(EXTRAS)]'
	touch $@

# Named after the interpreter, so that another one makes a new environment.
$(VENV)/.$(notdir $(PYTHON)):
	$(PYTHON) -m venv --clear $(VENV)
	touch $@

.PHONY: help demo test bench bench-smoke lint test-c wheel clean
