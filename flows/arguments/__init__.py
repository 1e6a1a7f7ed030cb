"""The command line of each flow, apart from the flow: `--help` loads none of its libraries."""
