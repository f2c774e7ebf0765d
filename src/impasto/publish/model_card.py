"""Model card: the head and the paragraphs that every card of a model has."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

RIGHTS: Final = "works of artists who died less than 70 years ago are protected in many countries."
"""The end of a sentence on the rights of training pictures."""


def model_card(head: Mapping[str, Any], paragraphs: Iterable[str]) -> str:
    """A card as Markdown behind a YAML head.

    Args:
        head: the fields of the hub's model cards; what is ``None`` is left out. Values are written
            as JSON, which YAML reads.
        paragraphs: of the text.
    """
    lines = ["---"]
    for name, value in head.items():
        if isinstance(value, list | tuple):
            lines += [f"{name}:", *(f"- {json.dumps(item, ensure_ascii=False)}" for item in value)]
        elif value is not None:
            lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return "\n\n".join(["\n".join([*lines, "---"]), *paragraphs]) + "\n"
