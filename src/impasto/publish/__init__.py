"""Publication of models: the card beside the weights, and the upload to the Hugging Face hub."""
