"""The only writer of the champion: crowns, aligns MLflow, rolls back, shadows and releases."""
