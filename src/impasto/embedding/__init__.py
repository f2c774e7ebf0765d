"""Embeddings of a collection by any run, their clusters, 2-D maps and the verdict on them."""
