"""The crisis ladder: stakes from a World, a tree of moves, its logit equilibrium, and how it is played."""
