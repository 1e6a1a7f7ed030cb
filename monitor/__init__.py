"""The local stand-in for Azure Monitor: ingestion, a DuckDB file, KQL queries and the alert."""

import os

# DuckDB's allocator reads it once, when DuckDB is loaded: what is free goes back to the system, not
# to DuckDB alone, so that telemetry finds memory after a query that took all there was.
os.environ.setdefault("DUCKDB_JE_MALLOC_CONF", "retain:false,dirty_decay_ms:1000,muzzy_decay_ms:0")
