"""The local stand-in for Azure Monitor: ingestion, a DuckDB file, KQL queries and the alert."""
