# Everything starts here: `make help` lists the targets. It works on Linux and macOS.
# Windows has no make: students need none (`course/handout/README.md` has lines for Windows); instructors use WSL.
# Grading wants Linux or a container (Containerfile), since it runs students' code in a sandbox of Linux.
.DEFAULT_GOAL := help
SHELL := /bin/bash
ENV := .venv
BIN := $(CURDIR)/$(ENV)/bin
PYTHON := $(BIN)/python
START := $(ENV)/.start
READY := $(ENV)/.ready
UV := $(shell sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements.txt)
# nbgrader calls some of its tools by their bare names.
export PATH := $(BIN):$(PATH)
export JUPYTER_PLATFORM_DIRS := 1

# Writes a comma after each 2 seconds without a word: whoever waits sees that it works.
PATIENTLY := @.ci/patiently
# Two processes; the tests of a file stay together, and the longest files come first (conftest.py).
TOGETHER := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help demo test test-whole test-fast test-machine test-slow lab lessons student web test-web review bench site lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 20
	@echo "Grading wants Linux, or a container (Containerfile). On Windows use WSL; students need no make."

$(START): requirements.txt pyproject.toml grader/pyproject.toml
	@rm -rf $(ENV)  # first: its own Python, which stands first on the path, is none to make it with
	@python=$$(.ci/find-python) || exit 1; \
	echo "Making $(ENV) with $$($$python --version) ..."; \
	.ci/patiently $$python -m venv $(ENV)
	@echo "Installing the locked requirements (about 230 packages) ..."
	@.ci/patiently $(PYTHON) -m pip install --quiet --disable-pip-version-check $(UV) \
	  && .ci/patiently $(BIN)/uv pip sync --quiet --python $(PYTHON) --require-hashes requirements.txt \
	  || .ci/patiently $(PYTHON) -m pip install --require-hashes -r requirements.txt
	$(PATIENTLY) $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --editable . --editable ./grader
	@echo "Compiling what a lesson needs, once ..."
	$(PATIENTLY) env -u PYTHONDONTWRITEBYTECODE PYDEVD_DISABLE_FILE_VALIDATION=1 $(PYTHON) -m grader.demo.compile_modules
	@touch $(START)

# A sandbox can't keep what it compiles. The last line is for packages that ship files for other versions of Python.
$(READY): $(START)
	@echo "Compiling the rest, once ..."
	$(PATIENTLY) $(PYTHON) -m mlmkit.compile_kernels
	$(PATIENTLY) $(PYTHON) -W ignore -m compileall -qq -j 0 $(ENV)/lib || true
	@touch $(READY)

demo: $(START)  ## grade a sample class of 12 students, from release to class report
	@$(PYTHON) -m grader demo
	@$(MAKE) --no-print-directory $(READY)

test: $(READY)  ## run the tests that every change must pass
	$(PATIENTLY) $(PYTHON) -m pytest -q $(TOGETHER) -m "not slow and not whole"

test-whole: $(READY)  ## run the tests that grade whole classes and run whole lessons
	$(PATIENTLY) $(PYTHON) -m pytest -q $(TOGETHER) -m "whole and not slow"

test-fast: $(READY)  ## run the tests of mlmkit and of the judge that start no kernel and take no seconds
	$(PATIENTLY) $(PYTHON) -m pytest -q $(TOGETHER) -m "not slow and not long" \
	  mlmkit tests/mlmkit $(wildcard tests/grader/judge tests/grader/test_judge.py)

test-machine: $(READY)  ## run the tests that depend on bubblewrap, PostgreSQL and Chromium
	$(PATIENTLY) $(PYTHON) -m pytest -q $(TOGETHER) -m "not slow and (machine or needs_bwrap or needs_postgres or needs_chromium)"

test-slow: $(READY)  ## run the slow tests (minutes)
	$(PATIENTLY) $(PYTHON) -m pytest -q -m slow

lab: $(READY)  ## open JupyterLab at lesson 01, in your copy of the lessons (workspace/lessons/)
	@$(PYTHON) -m grader lab -- $(LAB)

lessons: $(READY)  ## rebuild lessons/ from solutions/, and the tables of guide and syllabus
	@$(PYTHON) -m grader lessons

student: $(READY)  ## pack lessons and library for students: dist/hierarchical-models.zip
	@$(PYTHON) -m grader handout

site: $(READY)  ## build the web pages: lessons with results, reference, gallery, guide (dist/site/)
	@$(PYTHON) -m grader site

# The WebAssembly Python, 250 MB, is for this alone: it stays beside the environment.
WASM := $(CURDIR)/$(ENV)/wasm
$(WASM): pyproject.toml $(READY)
	$(PATIENTLY) $(BIN)/uv pip install --quiet --python $(PYTHON) --target $(WASM) --group wasm && touch $(WASM)

web: $(READY) $(WASM)  ## build the course that runs in a browser, in dist/web/ (needs npm)
	@PYTHONPATH=$(WASM) $(PYTHON) -m grader web

test-web: web  ## walk a student through dist/web/ in Chromium, from the link to the mark
	@MLMKIT_WEB=$(CURDIR)/dist/web PYTHONPATH=$(WASM) .ci/patiently $(PYTHON) -m pytest -q -m "not slow" tests/grader/web

review: $(READY)  ## make a review notebook for each student (LESSON=05_bayesian_fits STUDENT=ana)
	@$(PYTHON) -m grader review $(or $(LESSON),05_bayesian_fits) $(if $(STUDENT),--student $(STUDENT))

bench: $(READY)  ## measure speed against other packages, in one run
	$(PATIENTLY) $(PYTHON) -m tests.bench
	$(PATIENTLY) $(PYTHON) -m tests.bench.bayes
	$(PATIENTLY) $(PYTHON) -m tests.bench.books
	$(PATIENTLY) $(PYTHON) -m tests.bench.grading
	$(PATIENTLY) $(PYTHON) -m tests.bench.one_more

lock: $(READY)  ## renew requirements.txt: versions and hashes, no addresses (UPGRADE=--upgrade: the newest versions)
	$(PATIENTLY) $(BIN)/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes $(UPGRADE) \
	  --extra bayes --extra fast --extra course --group test --group site --group hub --group web \
	  --no-emit-package mlmkit --no-emit-package mlmkit-grader \
	  --custom-compile-command "make lock" pyproject.toml grader/pyproject.toml --output-file requirements.txt

clean:  ## remove what the demo and the environment made
	@rm -rf $(ENV) demo
