# make run: a whole portal with the demo city.  make test: the whole suite.
# make bench: what the extension costs beside stock CKAN.
# Variables: CKAN=2.12|2.11  WEB=2 WORKERS=2  SERVICE=web (logs)  ARGS="…" (test, shell)
export CKAN INSTANCE WEB WORKERS SERVICE

.PHONY: run up down status logs reset shell test bench

run up down status logs reset:
	@python3 stack/portal.py $@

shell:
	@python3 stack/portal.py shell $(ARGS)

test:
	@python3 tests/run.py $(ARGS)

bench:
	@python3 benchmarks/overhead.py $(ARGS)
