"""The documentation says what the code does:

the reference is current, links lead somewhere, recipes parse.
"""

import importlib.util
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest
import typer.main

from impasto.cli.main import app
from impasto.config import parse, read
from impasto.pipeline import StudySettings
from impasto.records.finding_codes import CATALOGUE
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.painter.settings import PainterSettings

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_reference", ROOT / "docs" / "make_reference.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_code_says() -> None:
    made = generator().reference()
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == made, "run `make docs`"


def test_the_reference_names_every_setting_verb_and_code() -> None:
    made, module = generator().reference(), generator()
    for cls in module.SETTINGS.values():
        for name, info in cls.model_fields.items():
            assert f"`{name}`" in made or f"`{name}." in made
            assert info.description, f"{cls.__name__}.{name} has no description"
    for code in CATALOGUE:
        assert f"| {code} |" in made
    for name, command in module._commands(typer.main.get_command(app), ""):
        assert f"### impasto {name}\n" in made
        assert all(getattr(parameter, "help", None) for parameter in command.params), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_reachable_from_the_index() -> None:
    seen, queue = set(), [ROOT / "README.md", ROOT / "docs" / "README.md"]
    while queue:
        page = queue.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)#\s]+\.md)[^)]*\)", page.read_text(encoding="utf-8"))
        queue += [(page.parent / target).resolve() for target in targets if "://" not in target]
    copies = {ROOT / "docs" / name for name in ("index.md", "changelog.md", "contributing.md")}
    assert not {page for page in PAGES if page.resolve() not in seen} - copies


def test_the_site_holds_every_page_and_no_link_is_broken(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="no Sphinx: pip install -e '.[docs]'")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going"]
    done = subprocess.run(
        [*command, ROOT / "docs", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for page in PAGES[3:]:
        made = page.relative_to(ROOT / "docs").with_suffix(".html")
        assert (tmp_path / made).is_file() or page == ROOT / "docs" / "README.md"
    front = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert 'href="how-to/prepare.html' in front and 'href="changelog.html' in front


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_docs_exist(page: Path) -> None:
    """Every ``impasto …`` line of a shell block names a known verb and known options."""
    group = typer.main.get_command(app)
    for block in re.findall(
        r"```(?:sh|bash|console)\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S
    ):
        for line in block.replace("\\\n", " ").splitlines():
            words = (
                shlex.split(line.split(" # ")[0].removeprefix("$ ")) if "impasto" in line else []
            )
            if words[:1] == ["impasto"] and len(words) > 1 and not words[1].startswith("-"):
                check_command(group, words[1:], line)


def check_command(group: object, words: list[str], line: str) -> None:
    command = group
    while hasattr(command, "commands"):
        assert words and words[0] in command.commands, line
        command, words = command.commands[words[0]], words[1:]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}  # type: ignore[attr-defined]
    used = {
        word.split("=")[0]
        for word in words
        if word.startswith("-") and not re.fullmatch(r"-[\d.]+", word)
    }
    assert used <= known, line


def test_recipes_parse() -> None:
    parse(StudySettings, read(ROOT / "recipes" / "demo.toml"))
    long = parse(ClassifierSettings, read(ROOT / "recipes" / "classifier-long.toml"))
    assert (long.size, long.stride, long.balance) == ("base", 2, ClassifierSettings().balance)


def test_the_recipes_state_the_defaults() -> None:
    assert (
        parse(ClassifierSettings, read(ROOT / "recipes" / "classifier.toml"))
        == ClassifierSettings()
    )
    assert (
        parse(AutoencoderSettings, read(ROOT / "recipes" / "autoencoder.toml"))
        == AutoencoderSettings()
    )
    assert parse(PainterSettings, read(ROOT / "recipes" / "painter.toml")) == PainterSettings()


def test_help_opens_without_loading_torch() -> None:
    code = (
        "import sys; from impasto.cli import main; sys.argv[1:] = ['--help']\n"
        "try: main()\nexcept SystemExit: print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False")


def test_the_page_on_use_from_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "how-to" / "use-from-python.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.S):
        exec(compile(block, "use-from-python.md", "exec"), names)
    assert names["shares"].shape[1] == 16 and names["scores"].findings  # type: ignore[attr-defined]


def run_notebook(name: str, folder: Path) -> dict[str, str]:
    """The outputs of a notebook of the docs by the source of their cells."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(ROOT / "docs" / name, as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs")], "commit it without outputs"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the Jupyter packages
        client = nbclient.NotebookClient(
            notebook, timeout=300, resources={"metadata": {"path": str(folder)}}
        )
        client.execute()
    return {cell.source: "".join(map(str, cell.get("outputs", ()))) for cell in notebook.cells}


def test_the_notebook_runs_in_a_kernel(tmp_path: Path) -> None:
    shown = run_notebook("notebook.ipynb", tmp_path)
    text = next(output for source, output in shown.items() if source.endswith("\ne"))
    assert "accuracy" in text
    assert "torch.Size([1, 16])" in next(o for s, o in shown.items() if "network()" in s)


def test_the_notebook_on_a_class_runs_in_a_kernel(tmp_path: Path) -> None:
    shown = run_notebook("grade-a-class.ipynb", tmp_path)
    text = next(output for source, output in shown.items() if "compared = " in source)
    assert "Artist oracle" in text and "Zoe" in text
    pairs = next(output for source, output in shown.items() if "suspicious" in source)
    assert "Grace" in pairs and "Tim" in pairs and "Ada" not in pairs
