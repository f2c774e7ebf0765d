"""Training of the classifier: settings, task and entry point."""
