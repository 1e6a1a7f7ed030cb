"""The other servers, one file each, set up as their documentation says.

Each runs in an environment of its own; the variable BENCH_MODEL names the model's folder.
"""
