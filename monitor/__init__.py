"""The local stand-in for Azure Monitor: takes in telemetry, keeps it in a DuckDB file, answers KQL and evaluates the alert."""
