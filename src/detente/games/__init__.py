"""Finite games: trees, tables, how they are played, and their quantal response equilibria."""
