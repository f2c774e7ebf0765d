"""Whether a stage is done with these settings and inputs, and the locks and caches around that."""
