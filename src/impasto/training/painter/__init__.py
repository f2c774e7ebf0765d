"""Training of the painter: settings, task and entry point."""
