"""Speed next to the peers, measured in one process: ``python -m benchmarks`` (see README.md)."""
