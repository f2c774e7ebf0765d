# Two commands do everything on a fresh machine:
#   make demo    the sample gallery, a classifier from scratch, its evaluation and the report, in demo/
#   make test    the tests
# Without make: python make.py demo. The targets are in make.py.

PYTHON ?= python3

.PHONY: demo test lint docs bench fuzz faults clean

demo test lint docs bench fuzz faults clean:
	$(PYTHON) make.py $@
