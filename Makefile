# The front door. Everything real is in CMakeLists.txt, deps/, tools/ and tests/; this file only names the ways in.
PYTHON ?= python3
REPO   ?= examples/shop
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
VENV   := build/venv
ORACLE := build/oracle
LITELLM := build/litellm
ZOOVENV := build/zoo
ENVTOOLS := build/envtools
PROXIED := tests/e2e/test_model_proxy.py
MUTMUT := build/mutmut
CONTAINER := build/container
TOML_TEST := build/toml-test
QUIET  := tools/quiet.sh
# Set for every recipe: the sub-makes of cmake must not take this make's flags for theirs.
unexport MAKEFLAGS MFLAGS

.PHONY: help run build everything test test-all sweep test-c test-python test-frameworks test-tools zoo test-real test-oracles test-container peers bench bench-engine docs lint format clean packages packages-lint packages-peers configure dump-toml dump-llm dump-mutants dump-docs

help: ## this list
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'

run: build ## install what is missing, build, and run Mutagen on examples/shop (or: make run REPO=path)
	@MUTAGEN_PYTHON="$(CURDIR)/$(VENV)/bin/python" build/mutagen run "$(REPO)" $(ARGS)

build: configure ## leave the program in build/mutagen
	@$(QUIET) "building" build/build.log cmake --build build --target mutagen -j $(JOBS)

everything: configure # the program, the C tests and what other tests ask
	@$(QUIET) "building the tests" build/build.log cmake --build build -j $(JOBS)

test: test-c test-python ## every test that needs no network: C units, contracts, layers, agent, end to end

test-all: export MUTAGEN_FAULTS = all
test-all: export MUTAGEN_ROUNDS = 4
test-all: export MUTAGEN_ROWS = all
test-all: test sweep test-real test-oracles ## the same, the standard libraries, and what needs the network: real packages, SDKs of model providers, frameworks and versions
	@$(MAKE) test-frameworks FRAMEWORKS=all
	@$(MAKE) test-tools
	@$(MAKE) test-container
	@$(MAKE) zoo

sweep: build dump-mutants ## every mutant of the standard library of every CPython found: parses, compiles, differs
	@$(VENV)/bin/python tools/sweep_stdlib.py

test-c: everything $(MUTMUT)/.stamp
	@MUTAGEN_TEST_PYTHON="$(CURDIR)/$(VENV)/bin/python" MUTAGEN_TEST_MUTMUT="$$(echo $(CURDIR)/$(MUTMUT)/lib/python3*/site-packages)" \
	  ctest --test-dir build --output-on-failure -j $(JOBS) --quiet -O build/ctest.log || { cat build/ctest.log; exit 1; }
	@tail -n 4 build/ctest.log

test-python: build dump-toml
	@MUTAGEN_BINARY="$(CURDIR)/build/mutagen" $(VENV)/bin/python tools/run_tests.py $(VENV)/bin/python -j $(JOBS) tests/agent tests/hostile \
	  $(filter-out $(PROXIED),$(wildcard tests/e2e/test_*.py))

FRAMEWORKS ?= some
test-frameworks: build ## score projects of many plugins and frameworks, pytest 6.2 to 9, CPython 3.8 to 3.13 (FRAMEWORKS=all: every one)
	@MUTAGEN_FRAMEWORKS="$(FRAMEWORKS)" MUTAGEN_BINARY="$(CURDIR)/build/mutagen" $(VENV)/bin/python -m pytest -q -rs -p no:cacheprovider tests/e2e/test_frameworks.py

TOOLS ?= all
test-tools: build $(ENVTOOLS)/.stamp ## projects of real uv, poetry, hatch, pdm and pipenv: their environments are found, their locks followed (TOOLS=some: a share)
	@MUTAGEN_TEST_TOOLS="$(CURDIR)/$(ENVTOOLS)" MUTAGEN_BINARY="$(CURDIR)/build/mutagen" $(VENV)/bin/python -m pytest -q -rs -p no:cacheprovider \
	  -k "$(if $(filter some,$(TOOLS)),real_tools or real_locks or real_workspace,real)" tests/e2e/test_environments.py

ZOO ?= all
zoo: build $(ZOOVENV)/.stamp ## small repositories of every kind, each run and scored as a newcomer would, with what is expected of it (ZOO=some: a share)
	@MUTAGEN_BINARY="$(CURDIR)/build/mutagen" $(VENV)/bin/python tests/zoo/zoo.py $(if $(filter some,$(ZOO)),--some)

test-real: build ## real packages: fetches pinned source archives (SUBJECTS="inflection semver" picks some)
	@$(VENV)/bin/python bench/check_subjects.py --binary build/mutagen $(SUBJECTS)

test-oracles: build dump-llm $(ORACLE)/.stamp $(LITELLM)/.stamp ## what we say to model providers, against their own SDKs and a LiteLLM proxy (from PyPI)
	@LLM_DUMP="$(CURDIR)/build/llm_dump" $(ORACLE)/bin/python -m pytest -q -p no:cacheprovider tests/oracles
	@MUTAGEN_BINARY="$(CURDIR)/build/mutagen" $(VENV)/bin/python -m pytest -q -p no:cacheprovider $(PROXIED)

test-container: build ## the Dockerfile's steps, run in a folder with debootstrap (root only), then the program in it as its user
	@$(VENV)/bin/python tools/container_steps.py

peers: $(MUTMUT)/.stamp $(ORACLE)/.stamp $(LITELLM)/.stamp $(TOML_TEST)/.stamp ## fetch what tests compare with: mutmut, SDKs, a LiteLLM proxy (from PyPI), the cases of toml-test (by cargo)

bench: build dump-mutants ## measure: whole run, mutants per second, static pass, start-up (prints a table)
	@$(VENV)/bin/python bench/bench.py --binary build/mutagen

bench-engine: build ## the mutation engine beside mutmut, irradiate and cosmic-ray, its growth, and the bare loop (hours; ARGS="--subject strutils-own --rounds 1" for a part)
	@$(VENV)/bin/python bench/rivals.py --binary build/mutagen $(ARGS)

lint: configure packages-lint $(CONTAINER)/.stamp ## format, layers, style, static analysis, Python sources
	@tools/lint.sh

docs: build dump-docs ## write mutagen.example.toml and docs/mutagen.1 from the tables in the program
	@build/docs_dump example > mutagen.example.toml
	@build/docs_dump man > docs/mutagen.1

format: packages-lint ## bring every C file into the common format
	@git ls-files -z --cached --others --exclude-standard 'src/*.[ch]' 'tests/*.[ch]' 'tools/*.[ch]' | xargs -0 clang-format-14 -i

clean: ## remove what was built (fetched sources in build-deps stay)
	@rm -rf build build-dev build-asan

# --- what the targets above stand on ---

packages:
	@tools/packages.sh build

packages-lint:
	@tools/packages.sh lint

packages-peers:
	@tools/packages.sh peers

$(VENV)/.stamp: tools/requirements.txt | packages
	@mkdir -p build
	@$(QUIET) "making build/venv with pytest" build/venv.log sh -c 'rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) && \
	  $(VENV)/bin/python -m pip install -q --disable-pip-version-check -r tools/requirements.txt'
	@touch $@

build/%/.stamp: tools/%-requirements.txt | packages
	@mkdir -p build
	@$(QUIET) "making build/$*" build/$*.log sh -c 'rm -rf build/$* && $(PYTHON) -m venv build/$* && \
	  build/$*/bin/python -m pip install -q --disable-pip-version-check -r $<'
	@touch $@

$(TOML_TEST)/.stamp: deps/test-lock.json | packages-peers
	@mkdir -p build
	@$(PYTHON) deps/fetch.py build test-lock.json && touch $@

dump-toml dump-llm dump-mutants dump-docs: configure
	@$(QUIET) "" build/build.log cmake --build build --target $(@:dump-%=%_dump) -j $(JOBS)

configure: packages $(VENV)/.stamp
	@$(PYTHON) deps/fetch.py
	@$(QUIET) "" build/configure.log cmake --preset release
