"""Names and first lines in the source use the field's terms (docs/architecture.md)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "impasto"
FILES = sorted(ROOT.rglob("*.py"))
BANNED = {
    "aside": "on_skip or skipped",
    "belief": "prior_correction",
    "critic": "style_classifier",
    "duel": "adversarial training",
    "familiar": "ood",
    "familiarity": "ood_score",
    "heard": "record or log",
    "judge": "evaluator",
    "lot": "rng",
    "manner": "embedding",
    "mine": "local or shard",
    "opponent": "discriminator",
    "remedies": "methods",
    "say": "log or announce",
    "shaken": "perturbed",
    "told": "record, log or label",
}
"""Words of a name, each with what to write instead."""
OPENINGS = re.compile(r"(What|Whose|How|Who|Those|Of|Where)\b")


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that the code defines or takes, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.value.lineno, name


def first_lines(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """First lines of the docstrings of the module, its classes and its functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text.splitlines()[0]


def words(name: str) -> set[str]:
    """The words of a name in snake case or camel case, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_the_terms_of_the_field(path: Path) -> None:
    if path.name == "config.py":
        return  # holds the table of old names
    found = []
    for line, name in names(ast.parse(path.read_text(encoding="utf-8"))):
        for word in sorted(words(name) & BANNED.keys()):
            found.append(f"{path.name}:{line} {name}: write {BANNED[word]}")
    assert not found
    assert not words(path.stem) & BANNED.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_first_lines_begin_with_a_noun_or_a_verb(path: Path) -> None:
    lines = first_lines(ast.parse(path.read_text(encoding="utf-8")))
    found = [f"{path.name}:{number} {line}" for number, line in lines if OPENINGS.match(line)]
    assert not found


def test_the_guard_sees_banned_names() -> None:
    tree = ast.parse("def judge_of(lot): told = lot; f(mineRows=1)\nclass Opponent: pass\n")
    found = {name for _, name in names(tree) if words(name) & BANNED.keys()}
    assert found == {"judge_of", "lot", "told", "mineRows", "Opponent"}
