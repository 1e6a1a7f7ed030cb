"""The whole feedback loop on one machine, through its public commands: `make loop`."""
