"""``python -m benchmarks`` prints one table; ``pytest benchmarks`` times every single method."""
