"""What people say of a prediction, signed and durable."""
