"""The tree holds what docs/architecture.md draws: directions of imports, sizes, and a light ``import impasto``."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "impasto"
FILES = sorted(ROOT.rglob("*.py"))

# Each layer may import the layers to its right, and itself where it is a folder.
GROUND = {"errors", "files", "catalogue", "findings", "config", "runs", "kept", "palette"}
MIDDLE = {"training", "evaluation", "atlas", "generate"}
PURE = ("evaluation.metrics", "evaluation.bootstrap")  # functions of arrays alone, for all of the middle
LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "files": {"errors"},
    "catalogue": set(),
    "findings": {"catalogue", "errors", "files"},
    "config": {"errors"},
    "runs": {"errors", "files"},
    "weights": GROUND | {"models"},
    "kept": {"files"},
    "claim": {"config", "errors", "files", "runs"},
    "palette": set(),
    "terminal": GROUND,
    "options": GROUND,
    "models": set(),
    "collection": GROUND,
    "sample": GROUND,
    "diffusion": GROUND | {"collection"},
    "training": GROUND | {"models", "weights", "diffusion", "collection"},
    "evaluation": GROUND | {"models", "weights", "collection"},
    "atlas": GROUND | {"models", "weights", "collection"},
    "generate": GROUND | {"models", "weights", "diffusion", "collection"},
    "site": GROUND | {"collection"},
    "compare": GROUND | MIDDLE | {"models", "weights", "diffusion", "collection"},
    "study": GROUND | {"claim", "site", "collection", "sample", "compare"} | MIDDLE,
    "show": GROUND | {"terminal", "collection", "sample", "evaluation", "compare"},
    "entry": GROUND | {"show"},
    "cli_train": GROUND | {"options", "show", "collection", "training"},
    "cli_atlas": GROUND | {"options", "show", "atlas"},
    "cli_paint": GROUND | {"options", "show", "diffusion", "collection", "training", "generate", "compare"},
    "cli_site": GROUND | {"options", "show", "site"},
    "cli": GROUND
    | {"cli_atlas", "cli_paint", "cli_site", "cli_train", "options", "show", "entry", "study", "site", "compare"}
    | {"collection", "sample"}
    | MIDDLE,
    "__main__": {"cli"},
}


def layer(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """The modules of ours that a file imports anywhere in it, as dotted names without ``impasto.``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("impasto.") for name in found if name.startswith("impasto.")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_right(path: Path) -> None:
    here = layer(path)
    if here == "__init__":
        return  # the lazy API names every layer
    allowed = LAYERS[here] | ({here} if (ROOT / here).is_dir() else set())
    strangers = set()
    for name in imports(path):
        shared = here in MIDDLE and name.startswith(PURE)
        if name.split(".")[0] not in allowed and not shared:
            strangers.add(name)
    assert not strangers, f"{here} may not import {sorted(strangers)}"


def test_the_guard_sees_imports_inside_functions(tmp_path: Path) -> None:
    path = tmp_path / "inner.py"
    path.write_text("def f():\n    from impasto.site.report import write_report\n    import impasto.cli\n")
    assert imports(path) == {"site.report.write_report", "cli"}


def test_only_the_network_stages_import_torch() -> None:
    for path in FILES:
        loads = re.search(
            r"^\s*(import|from) (torch|accelerate|diffusers|transformers|peft|safetensors\.torch)\b",
            path.read_text(),
            flags=re.M,
        )
        assert not loads or layer(path) in MIDDLE | {"models", "weights", "diffusion", "compare"}, path


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= (220 if layer(path) == "models" else 300)
    assert not re.search(r"utils|common|helpers", path.name)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            first = min([node.lineno, *(child.lineno for child in body[:1])])
            length = (node.end_lineno or first) - (body[0].lineno if body else first) + 1
            assert length <= 40, f"{path.name}:{node.lineno} {node.name} has {length} lines"


def test_import_is_light() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import impasto; took = time.perf_counter() - start\n"
        "heavy = {'torch', 'numpy', 'sklearn', 'matplotlib', 'pyarrow', 'PIL'} & set(sys.modules)\n"
        "print(took, *sorted(heavy))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    fields = [run.stdout.split() for run in runs]
    assert fields[0][1:] == []
    assert min(float(field[0]) for field in fields) < 0.2


def test_every_public_name_exists() -> None:
    code = "import impasto; [getattr(impasto, name) for name in impasto.__all__]; print(len(impasto.__all__))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
