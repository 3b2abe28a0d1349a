"""How fast the model is, on what machine, and how near to that machine's limit: `python -m benchmarks`."""
