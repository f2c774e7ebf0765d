"""Comparisons that train and score by turns: remedies for imbalance, painters known and unknown."""
