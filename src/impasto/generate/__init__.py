"""Pictures made by trained runs."""
