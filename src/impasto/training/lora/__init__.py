"""LoRA fine-tuning of a text-to-image model: settings, data, task and export."""
