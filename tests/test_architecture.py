"""The tree holds what docs/architecture.md draws:

directions of imports, sizes, and a light ``import impasto``.
"""

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import impasto

ROOT = Path(__file__).parents[1] / "src" / "impasto"
FILES = sorted(ROOT.rglob("*.py"))

# Packages from the floor up. A package imports those above it in this table, and itself.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("files", "hub", "path_names", "plain_text", "progress"),
    ("config", "recipes", "publish"),
    ("numerics", "images", "devices"),
    ("records",),
    ("state",),
    ("models",),
    ("collection", "gallery", "weights"),
    ("diffusion",),
    ("generate",),
    ("training", "evaluation", "embedding"),
    ("comparison", "reporting", "page", "release"),
    ("pipeline",),
    ("verbs",),
    ("cli",),
    ("__main__",),
)
TORCH = {
    "devices",
    "models",
    "weights",
    "diffusion",
    "generate",
    "training",
    "evaluation",
    "embedding",
    "comparison",
    "release",
}
"""Packages that import torch when they are imported."""
ON_DEMAND = {ROOT / "collection" / "torch_dataset.py"}
"""Modules of other packages that import torch, and are imported inside functions alone."""


def level(package: str) -> int:
    return next(number for number, names in enumerate(LEVELS) if package in names)


def layer(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def module(path: Path) -> str:
    """The dotted name of a file's module without ``impasto.``."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """The package's modules that a file imports anywhere in it, without ``impasto.``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("impasto.") for name in found if name.startswith("impasto.")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    here = layer(path)
    if here == "__init__":
        return  # the lazy interface names every layer
    if here == "models":
        assert not {name for name in imports(path) if not name.startswith("models")}
    for name in imports(path):
        package = name.split(".")[0]
        assert package == here or level(package) < level(here), f"{here} may not import {name}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports under ``TYPE_CHECKING`` and inside functions count."""
    names = {module(path) for path in FILES}
    graph: dict[str, set[str]] = {}
    for path in FILES:
        if module(path) != "__init__":
            found = {name if name in names else name.rpartition(".")[0] for name in imports(path)}
            graph[module(path)] = {name for name in found if name in names}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"import circle: {' → '.join(error.args[1])}")


def test_the_guard_sees_imports_inside_functions(tmp_path: Path) -> None:
    path = tmp_path / "inner.py"
    path.write_text(
        "def f():\n    from impasto.reporting.html import render\n    import impasto.cli\n"
    )
    assert imports(path) == {"reporting.html.render", "cli"}


def test_only_the_network_stages_import_torch() -> None:
    for path in FILES:
        loads = re.search(
            r"^(import|from) (torch|accelerate|diffusers|transformers|peft|safetensors\.torch)\b",
            path.read_text(),
            flags=re.M,
        )
        assert not loads or layer(path) in TORCH or path in ON_DEMAND, path


def test_no_file_is_a_drawer() -> None:
    for path in FILES:
        assert not re.search(r"utils|common|helpers", path.name)


def test_no_module_has_the_name_of_a_verb() -> None:
    """Importing it would replace the function of that name in ``impasto``."""
    verbs = {"sample", "prepare", "audit", "train", "balance", "evaluate", "predict", "atlas"}
    verbs |= {"paint", "report", "site", "serve", "study", "export"}
    assert not verbs & {path.stem for path in ROOT.iterdir()}


def test_no_class_name_stands_twice() -> None:
    homes: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(module(path))
    twice = {name: places for name, places in homes.items() if len(places) > 1}
    assert not twice


def test_import_is_light() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import impasto; took = "
        "time.perf_counter() - start\n"
        "heavy = {'torch', 'numpy', 'sklearn', 'matplotlib', 'pyarrow', 'PIL'} & set(sys.modules)\n"
        "print(took, *sorted(heavy))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    fields = [run.stdout.split() for run in runs]
    assert fields[0][1:] == []
    assert min(float(field[0]) for field in fields) < 0.2


def test_every_public_name_exists() -> None:
    """Warnings are errors here as everywhere in the tests."""
    assert all(getattr(impasto, name) is not None for name in impasto.__all__)
