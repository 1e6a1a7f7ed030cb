"""The tests, by room; this file lets them win over packages that bring a `tests` of their own."""
