"""Comparisons that train and score in turn: long-tail methods, and artist-disjoint folds."""
