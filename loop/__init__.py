"""The whole ring on one machine, run from outside as its users run it: `python -m loop`, or `make loop`."""
