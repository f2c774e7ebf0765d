"""Scores beside baselines, calibration, explanations and predictions."""
