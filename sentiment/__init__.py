"""What the loop shares: settings, data, metrics, tracking, the model store and the feedback inbox."""
