"""What a training leaves behind: its MLflow run, registered version, export and comparison."""
