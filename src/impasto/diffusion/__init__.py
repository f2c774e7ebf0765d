"""Pre-trained text-to-image pipelines and their adapters; needs the extra ``lora``.

Whoever imports from here without it is told the install line.
"""

from impasto.errors import MissingExtraError

try:
    import diffusers.utils.logging
    import peft  # noqa: F401
    import transformers.utils.logging
except ImportError as missing:
    raise MissingExtraError("LoRA", "lora") from missing

# They tell, bar by bar, what they load, and that torchvision would be faster; what matters is an
# error
for logs in (diffusers.utils.logging, transformers.utils.logging):
    logs.set_verbosity_error()
    logs.disable_progress_bar()
