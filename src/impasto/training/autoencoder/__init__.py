"""Training of the autoencoder: settings, task and entry point."""
