"""The others, one file each, as their documentation sets them up; each runs in an environment of its own and reads the model that is named.

The variable BENCH_MODEL names the model's folder.
"""
