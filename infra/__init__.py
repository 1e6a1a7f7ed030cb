"""Azure: its infrastructure as Bicep, releases, and what is generated from the local sources."""
