"""May a challenger replace the champion? Evidence in, verdict out; pure."""
