"""From a source of pictures to a collection: layouts, decoding, splits, audit, batches."""
