# Every command of the project. `just` lists them; .github/CONTRIBUTING.md says when to use which.

[private]
default:
    @just --list --unsorted

# Install everything that development needs, into the active environment
install:
    python -m pip install --quiet -c .ci/constraints.txt -e '.[dev]'

# Run the tests that start no process: a few minutes
quick *arguments:
    pytest --record-mode=none -n auto --dist worksteal -m "not process" {{ arguments }}

# Run tests: just test tests/app -k ask
test *arguments:
    pytest --record-mode=none {{ arguments }}

# Run all tests: a quarter of an hour
test-all:
    pytest --record-mode=none -n auto --dist worksteal

# Run the quick tests in an order that SEED makes; with `pip install -e '.[suite]'`, as the next two
shuffled seed="16" *arguments:
    pytest --record-mode=none -n auto -m "not process" --random-order --random-order-seed={{ seed }} {{ arguments }}

# Which branches the tests do not take
coverage *arguments:
    coverage run -m pytest --record-mode=none -n auto --dist worksteal {{ arguments }}
    coverage combine --quiet
    coverage report

# Change the code in one place at a time: which changes does no test notice?
mutation *arguments:
    python .ci/mutation.py {{ arguments }}

# Run the quick tests elsewhere: read-only, wheel or no-network
elsewhere where *arguments:
    .ci/elsewhere {{ where }} {{ arguments }}

# Look at the style and the types
check:
    ruff check .
    ruff format --check .
    mypy

# Mend what ruff can mend
fix:
    ruff check --fix .
    ruff format .

# Run everything that CI runs, in a fresh environment; VERSIONS is newest, locked, oldest or none
ci versions="newest":
    bash .ci/run {{ versions }}

# Write the golden cases of the codemod as it answers now; look at the diff
accept:
    pytest --record-mode=none tests/codemods/test_cases.py --accept

# Record this repository's own cassettes again, from the stand-in
record:
    pytest --record-mode=rewrite --stand-in tests/replay/test_providers.py

# Write what the documentation has from the code: help texts and the reference
docs-update:
    python tests/test_docs.py
    python -m tests.codemods.test_rule_docs
    python .ci/reference.py

# Draw the README's picture of a terminal, from a real run
docs-picture:
    python .ci/terminal_svg.py

# Build the site, strictly
docs:
    mkdocs build --strict --config-file .ci/mkdocs.yml

# Show the site on this machine
docs-serve:
    mkdocs serve --config-file .ci/mkdocs.yml

# Measure; not part of CI
bench *arguments:
    pytest -s -p no:cassetter tests/benchmarks {{ arguments }}

# Compare with other recorders, and with docs/comparison.md
peers:
    python tests/benchmarks/peers.py --check docs/comparison.md

# Build the wheel and the source distribution, and look into them
build:
    python -m build --outdir dist .
    python .ci/distributions.py dist
