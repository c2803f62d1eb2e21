# make help lists the targets. Nothing here is needed to use an installed wheel.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
FUZZ_SECONDS ?= 5
# clang where its runtime libraries are there (libclang-rt-dev): the eBPF programs need clang alone.
FUZZ_CC ?= $(shell echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return !d && n; }' | \
	clang -fsanitize=fuzzer,address -o /dev/null -x c - 2>/dev/null && command -v clang || command -v gcc)
FUZZ_OPTIONS := -DPCF_FUZZ=ON -DPCF_SANITIZE=ON -DPCF_TESTS=OFF -DPCF_SHARED=OFF
JOBS ?= $(shell nproc)

PY := $(VENV)/bin/python
CMAKE_GENERATOR ?= Ninja
export CMAKE_GENERATOR PYTHON

# Runs a command; what it prints is shown only when it fails.
quietly = @log=$$(mktemp); if $(1) >$$log 2>&1; then rm -f $$log; else cat $$log; rm -f $$log; exit 1; fi

.PHONY: help run build test c-build c-tests c-sanitize lint format types fuzz guest unit host python-tests bench generate sdist clean distclean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run build ## install what is missing, build, and run the daemon here (ARGS="--interval cpu=100ms ...")
	@exec $(VENV)/bin/pycadvisor-fast run --housekeeping_interval=100ms $(ARGS)

build: | $(VENV)/.run ## (re)build the extension module in place
	@mkdir -p build && flock build/.lock $(PY) -W ignore setup.py -q build_ext --inplace

# --- environments: made once, again when pyproject.toml changes
$(VENV)/bin/python:
	@.ci/packages build
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or later is needed, this is {sys.version}: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	@$(PY) -m pip install -q 'setuptools>=77' 'cffi>=1.17'
	@mkdir -p build && flock build/.lock $(PY) -m pip install -q --no-build-isolation -e '.[http,auth]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.run
	@.ci/packages test
	@mkdir -p build && flock build/.lock $(PY) -m pip install -q --no-build-isolation -e '.[http,auth,dev]'
	@touch $@

# --- tests, in the order of .ci/run: what fails early fails first, and the last lines are pytest's summary
test: $(VENV)/.dev ## everything: C tests, sanitizers, linters, fuzz, guests, Python on this host
	@$(MAKE) build
	@$(MAKE) lint
	@$(MAKE) c-tests
	@$(MAKE) c-sanitize
	@$(MAKE) fuzz
	@$(MAKE) guest
	@$(MAKE) python-tests

c-build:
	$(call quietly,cmake -S . -B build/c)
	$(call quietly,cmake --build build/c --parallel $(JOBS))

c-tests: c-build ## libpcf's own tests
	$(call quietly,ctest --test-dir build/c --output-on-failure --no-tests=error)
	@echo "libpcf: every C test passed"

c-sanitize: ## the same under AddressSanitizer and UndefinedBehaviorSanitizer
	$(call quietly,cmake -S . -B build/c-sanitize -DPCF_SANITIZE=ON -DPCF_SHARED=OFF)
	$(call quietly,cmake --build build/c-sanitize --parallel $(JOBS))
	$(call quietly,ctest --test-dir build/c-sanitize --output-on-failure --no-tests=error)
	@echo "libpcf: every C test passed under the sanitizers"

lint: $(VENV)/.dev types ## ruff, mypy --strict, clang-format
	@$(PY) -m ruff check -q .
	@$(PY) -m ruff format --check -q .
	@git ls-files '*.c' '*.h' | xargs $(VENV)/bin/clang-format --dry-run -Werror 2>&1 | \
		sed -n 's/:[0-9:]* error:.*/: not laid out as .clang-format wants it; make format/p' | sort -u | (! grep .)

types: $(VENV)/.dev ## mypy --strict on the package
	@$(PY) -m mypy --no-error-summary

format: $(VENV)/.dev ## lay out Python and C as the linters want it
	@$(PY) -m ruff check -q --fix . || true
	@$(PY) -m ruff format -q .
	@git ls-files '*.c' '*.h' | xargs $(VENV)/bin/clang-format -i

# A longer run: make fuzz FUZZ_SECONDS=3600
fuzz: ## each fuzz target for FUZZ_SECONDS under the sanitizers
	$(call quietly,cmake -S . -B build/fuzz -DCMAKE_C_COMPILER=$(FUZZ_CC) $(FUZZ_OPTIONS))
	$(call quietly,cmake --build build/fuzz --parallel $(JOBS))
	@for target in $$(find build/fuzz -maxdepth 1 -type f -name 'fuzz_*' -executable | sort); do \
		name=$${target##*/}; mkdir -p build/fuzz/corpus/$$name; \
		$$target -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/$$name. build/fuzz/corpus/$$name \
			tests/fixtures csrc/fuzz/seeds >build/fuzz/log 2>&1 || { tail -40 build/fuzz/log; exit 1; }; \
		echo "fuzzed $${name#fuzz_} for $(FUZZ_SECONDS) s"; \
	done

guest: $(VENV)/.dev c-build ## the tests that need cgroup v2 or memory v1, inside other kernels
	@$(PY) -m pytest -q tests/guest

unit: $(VENV)/.dev ## Python tests that need nothing of the host
	@$(PY) -m pytest -q tests/unit

host: $(VENV)/.dev ## Python tests on this host's cgroups and Docker (root)
	@$(PY) -m pytest -q tests/host

python-tests: $(VENV)/.dev
	@$(PY) -m pytest -q tests/unit tests/host

bench: $(VENV)/.run build ## measure, and write docs/benchmarks.md (root)
	@$(PY) -m bench $(ARGS)

generate: $(VENV)/.dev ## everything that derives from csrc/columns.def
	@$(PY) csrc/generate.py

# The second wheel brings libbpf and libelf along, for machines that have none: it is the one to publish.
sdist: $(VENV)/.dev ## dist/: source archive, wheel for this system, wheel for any (manylinux)
	@$(PY) -m build
	@PATH="$(abspath $(VENV)/bin):$$PATH" auditwheel repair --wheel-dir dist dist/*-linux_*.whl

clean: ## remove what was built; .venv and the guests' kernels stay
	@rm -rf build dist *.egg-info pycadvisor_fast/native/_pcf.*

distclean: clean ## remove everything that git does not know
	@rm -rf .venv .cache
