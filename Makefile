# The two commands to know: `make demo` and `make test`.
PYTHON ?= python3
PORT ?= 8000
ANKKURI_DATA ?= data/demo
VENV := .venv
BIN := $(VENV)/bin
# What the choice of a database changes. The moves' table is one of rules; that a page's test says
# something of its own to the database is seen to by --said.
WITH_ROWS := $(filter-out %/test_moves_table.py,$(wildcard tests/services/test_*.py)) tests/doctor tests/post tests/web \
	$(foreach name,administration_commands backup_command canary deletions doors init jobs libpq live_directory migrations \
	parts postgresql prepared upgrades,tests/test_$(name).py)
# Two at a time; who has done a half helps with the other.
# In memory where there is room: a database of its own for each test is a tenth of the work there.
ROOMY := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 {print "/dev/shm"}')
PYTEST := $(if $(ROOMY),TMPDIR=$(ROOMY) )$(BIN)/python -m pytest --numprocesses 2 --dist worksteal
# To load all the others only to leave them out is three seconds of each process.
SLOW = $(sort $(shell grep --recursive --files-with-matches --include='test_*.py' 'mark\.slow' tests))

.PHONY: install demo test prove prove-chase lint types style rules messages lock clean

install: $(VENV)/installed

$(VENV)/installed: requirements.txt pyproject.toml $(wildcard intake/translations/*/LC_MESSAGES/messages.po)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m intake.language compile
	touch $@

$(VENV)/tested: requirements-dev.txt $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

demo: install
	ANKKURI_DATA="$(ANKKURI_DATA)" $(BIN)/ankkuri demo --port $(PORT)

test: $(VENV)/tested
	$(MAKE) --no-print-directory --jobs 2 lint rules
	$(PYTEST) -m "not slow" --said
	$(PYTEST) -m "not slow and (on_both or postgresql or not page)" --database postgresql $(WITH_ROWS)

# Real processes killed and restarted; some minutes.
prove: $(VENV)/tested
	$(PYTEST) -m slow $(SLOW)
	$(PYTEST) -m slow --database postgresql tests/slow

# Schedulers killed in 200 rounds on each database, and a year of 3,000 referrals; ten minutes or so.
prove-chase: $(VENV)/tested
	ANKKURI_CHASE_REFERRALS=3000 $(PYTEST) --dist load -m slow tests/slow/test_chased_year.py
	ANKKURI_CHASE_ROUNDS=200 $(PYTEST) --dist load -m slow tests/slow/test_chasing_killed.py
	ANKKURI_CHASE_ROUNDS=200 $(PYTEST) --dist load -m slow --database postgresql tests/slow/test_chasing_killed.py

# The types take longer than all the others together: one of two at a time.
lint: types style

types: $(VENV)/tested
	$(BIN)/mypy

style: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	! $(BIN)/bandit --quiet --configfile pyproject.toml --recursive config.py intake routing_rules 2>&1 | grep .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet

rules: $(VENV)/tested
	$(BIN)/ankkuri rules check
	$(BIN)/ankkuri rules cases

# Texts of the code and the templates into the catalogues, for translators.
messages: $(VENV)/tested
	$(BIN)/pybabel -q extract -F babel.cfg -k _ -k mark -k Message --no-location --sort-output -o intake/translations/messages.pot .
	$(BIN)/pybabel -q update -N --ignore-obsolete -D messages -i intake/translations/messages.pot -d intake/translations

# Needs uv; the locks carry hashes and name no host.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --extra build pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --extra build --extra dev pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) data/demo build *.egg-info
