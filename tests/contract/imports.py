"""What each module of the project imports, read from its source.

Belongs here: reading. Does not belong here: what is allowed (see the tests beside it).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nbstream"
SCRIPTS = ROOT / "js" / "src"


@dataclass(frozen=True)
class Import:
    """`module` (dotted name, or a path below js/src) imports `target`; `lazy` means inside a function or for types alone."""

    module: str
    target: str
    lazy: bool
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def python_modules() -> dict[str, Path]:
    """Return every module of the package by its name below `nbstream`: ``_events``, ``sources``, ``sources._litellm``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


def python_imports(name: str, path: Path) -> list[Import]:
    """Return the imports of one module, targets as full dotted names."""
    nodes = _import_nodes(ast.parse(path.read_text()))
    return [Import(name, target, lazy, node.lineno) for node, lazy in nodes for target in _targets(node)]


def script_imports() -> list[Import]:
    """Return the imports of every module below js/src, targets as paths below js/src, or the package's name."""
    found = []
    for path in sorted(SCRIPTS.rglob("*.ts")):
        module = path.relative_to(SCRIPTS).with_suffix("").as_posix()
        source = path.read_text()
        for match in re.finditer(r"""(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"?]+)(?:\?program)?['"]""", source):
            target = match[1]
            if target.startswith("."):
                target = (
                    (path.parent / target).resolve().relative_to(SCRIPTS).as_posix().removesuffix(".ts").removesuffix(".js")
                )
            found.append(Import(module, target, False, source.count("\n", 0, match.start()) + 1))
    return found


def _import_nodes(tree: ast.AST, lazy: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, lazy
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from _import_nodes(node, True)
        else:
            yield from _import_nodes(node, lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


def _targets(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert node.level == 0, f"line {node.lineno}: relative imports are not used here"
    module = node.module or ""
    below = PACKAGE.parent.joinpath(*module.split("."))
    if module.split(".")[0] == "nbstream" and below.is_dir():
        # `from nbstream import _host` means the module, `from nbstream.sources import Source` the package.
        names = [a.name for a in node.names if (below / f"{a.name}.py").exists() or (below / a.name).is_dir()]
        return [f"{module}.{name}" for name in names] or [module]
    return [module]
