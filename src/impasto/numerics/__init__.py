"""Metrics, intervals, calibration and distances on arrays; numpy and scipy only."""
