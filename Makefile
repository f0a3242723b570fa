# The course: `make course` builds it, `make test` tests it. Everything else is a part of these.

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000

# Of VGG16 and the course's small VGG, the pages show one: `make course NETWORK=vgg16` downloads
# VGG16's weights where they are not there, NETWORK=small does without; PICTURE=me.jpg is a
# photograph of your own for VGG16; see README.md.

.PHONY: course check test coverage serve exercises site pdf sample-class bench clean

course: .venv/ready
	@$(BIN)/autograder course

# The fast lane: what has changed since `main`, or the chapters of CHAPTER; see docs/testing.md.
check: .venv/ready node_modules/.package-lock.json
	@$(BIN)/python -m tests.changed $(CHAPTER)

# One thread for each test process: the processes share the cores already. Files of tests are
# handed out in their own order (see tests/conftest.py), not those with the most tests first.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test: .venv/ready node_modules/.package-lock.json
	@$(PYTEST)

coverage: .venv/ready node_modules/.package-lock.json
	@$(PYTEST) --cov --cov-report=term:skip-covered

serve: .venv/ready
	@$(BIN)/python -m http.server --directory _build/html --bind 127.0.0.1 $(PORT)

exercises: .venv/ready
	@$(BIN)/autograder generate

site: .venv/ready
	@$(BIN)/jupyter-book build -n -W --keep-going .

# The whole book as one file, _build/book.pdf, from the built site; Chromium prints it.
pdf: .venv/ready
	@$(BIN)/python -m book.whole_book

sample-class: .venv/ready
	@$(BIN)/autograder sample-class

# A short form of the comparison with stock nbgrader; see benchmarks/README.md.
bench: .venv/ready
	@$(BIN)/python -m benchmarks.grading.speed --students 12 --rounds 1

# The environment, made anew when what it should hold has changed.
.venv/ready: requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "The course needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.13 course" % sys.version_info[:2])'
	@echo "Installing the course's packages into .venv (a few minutes the first time) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

# What checks the book's JavaScript and style sheets.
node_modules/.package-lock.json: package.json package-lock.json
	@npm ci --no-fund --no-audit --loglevel=error
	@touch $@

clean:
	rm -rf _build .venv node_modules
