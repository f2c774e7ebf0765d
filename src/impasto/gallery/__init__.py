"""The sample gallery: pictures painted by code, in learnable styles."""
