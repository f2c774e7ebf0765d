"""Space: a folder with a Gradio program around the ONNX files, which runs by ``python app.py``."""

import shutil
from pathlib import Path
from typing import Final

from impasto import release
from impasto.files import make_folder, replacing, write_text
from impasto.publish.model_card import RIGHTS, model_card
from impasto.records.run import Run
from impasto.release.parts import Parts
from impasto.release.settings import ExportSettings

REQUIREMENTS: Final = (
    "gradio>=5",
    "numpy>=2",
    "onnxruntime>=1.20",
    "pillow>=10.3",
    "simplejpeg>=1.7",
)


def write_space(
    space: Path, export: Path, run: Run, parts: Parts, settings: ExportSettings
) -> None:
    """Write the folder of a Space.

    Args:
        space: the folder.
        export: the folder with the ONNX files.
        run: that was exported.
        parts: of the export.
        settings: of the export.

    Raises:
        OutputError: the folder cannot be written.
    """
    make_folder(space)
    for name in parts.graphs:
        with replacing(space / name) as temporary:
            shutil.copyfile(export / name, temporary)
    source = Path(release.__file__).parent / "space_app.py"
    write_text(space / "app.py", source.read_text(encoding="utf-8"))
    write_text(space / "requirements.txt", "\n".join(REQUIREMENTS) + "\n")
    head = {
        "title": f"impasto {run.kind}",
        "emoji": "🎨",
        "colorFrom": "yellow",
        "colorTo": "indigo",
        "sdk": "gradio",
        "app_file": "app.py",
        "license": settings.license,
        "pinned": False,
    }
    paragraphs = [
        f"# impasto {run.kind}",
        f"Styles: {', '.join(run.styles)}.",
        "Run it here: `pip install -r requirements.txt`, then `python app.py`.",
        f"The rights of the training pictures bind the weights as well: {RIGHTS}",
    ]
    write_text(space / "README.md", model_card(head, paragraphs))
