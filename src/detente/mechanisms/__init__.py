"""The mechanisms: each reads the whole World and returns only its own slice. `month.py` alone puts slices together."""
