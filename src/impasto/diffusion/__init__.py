"""Pre-trained text-to-image pipelines and their adapters; needs the extra ``lora``.

Importing without the extra raises ``MissingExtraError`` with the install line.
"""

from impasto.errors import MissingExtraError

try:
    import diffusers.utils.logging
    import peft  # noqa: F401
    import transformers.utils.logging
except ImportError as missing:
    raise MissingExtraError("LoRA", "lora") from missing

# No progress bars and no hints on loading: errors alone
for logs in (diffusers.utils.logging, transformers.utils.logging):
    logs.set_verbosity_error()
    logs.disable_progress_bar()
