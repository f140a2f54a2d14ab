# The commands of survey_server. `make run` and `make test` set up everything they need first.
.PHONY: run test check bench soak lock

run: ## start the server, with a demo programme on the first run
	@.ci/setup run
	@.venv/bin/survey-server run

test: ## every test: storage on SQLite and PostgreSQL, real browser, reports
	@.ci/setup test
	@.venv/bin/python -m pytest -n 2 --dist loadgroup

check: ## style, types and import floors
	@.ci/setup test
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/python -m pytest tests/test_floors.py
	@.ci/audit

bench: ## speed and size, as ratios against a limit measured in the same run
	@.ci/setup test
	@.venv/bin/python -m tests.bench

soak: ## what takes long: 200 kills under load, then half an hour of a herd of 1,500 phones
	@.ci/setup test
	@SURVEY_KILLS=200 .venv/bin/python -m pytest tests/faults -k killed
	@SURVEY_SOAK_MINUTES=30 .venv/bin/python -m tests.bench soak

lock: ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile pyproject.toml --extra dev --extra build --universal --python-version 3.11 --generate-hashes --upgrade --quiet \
		--custom-compile-command "make lock" -o requirements-dev.lock
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --upgrade --quiet \
		--custom-compile-command "make lock" -c requirements-dev.lock -o requirements.lock
