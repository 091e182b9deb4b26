# Two commands for a fresh machine with Python >= 3.11:  make demo   and   make test
# Each makes the virtual environment .venv by itself.

# The first Python that is new enough; make PYTHON=/path/to/python3.12 overrides it.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; \
	done)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: demo test parity thorough mutants lint notebooks images clean

demo: .venv/demo  ## print and draw the example's tape, train on the digits
	$(BIN)/python examples/digits.py

# Two workers, one BLAS thread each: more threads than cores would wait for each other.
test: export OPENBLAS_NUM_THREADS = 1
test: export OMP_NUM_THREADS = 1
test: .venv/test  ## all tests, with the coverage of both packages
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term:skip-covered --cov-fail-under=97

# The same tests beside JAX and PyTorch, which are large and not needed for anything else.
parity: export OPENBLAS_NUM_THREADS = 1
parity: export OMP_NUM_THREADS = 1
parity: .venv/test .venv/parity  ## values, gradients and weights equal those of JAX and PyTorch
	$(BIN)/python -m pytest -n 2 tests/parity tests/nn/parity

thorough: export OPENBLAS_NUM_THREADS = 1
thorough: export OMP_NUM_THREADS = 1
thorough: export HYPOTHESIS_PROFILE = thorough
thorough: .venv/test .venv/parity  ## all tests, the property tests on 10 times as many examples
	$(BIN)/python -m pytest -n 2

mutants: .venv/test  ## a wrong rule in the place of each right one: all must be noticed
	$(BIN)/python -m tests.mutants --json tests/mutants.json
	$(BIN)/python -m tests.testing_page

# (small matrices: more threads would wait for each other)
notebooks: export OPENBLAS_NUM_THREADS = 1
notebooks: export OMP_NUM_THREADS = 1
notebooks: .venv/notebooks  ## open JupyterLab
	$(BIN)/jupyter lab notebooks

lint: .venv/lint  ## style and types
	$(BIN)/ruff check .
	$(BIN)/mypy

images: .venv/test  ## the pictures of the README and of docs/gallery.md
	$(BIN)/python -m tests.gallery

# A stamp per set of extras, renewed when pyproject.toml changes.
.venv/demo .venv/test .venv/lint .venv/parity .venv/notebooks: .venv/%: .venv/bin/python pyproject.toml
	@echo "installing the extras [$*] into .venv ..."
	$(PIP) --editable '.[$*]'
	@touch $@

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found; try make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv

clean:
	rm -rf .venv out build dist ./*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
