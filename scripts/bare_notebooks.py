"""Fail where a notebook of `notebooks/` carries outputs or execution counts; with --fix, remove them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def main(fix: bool) -> int:
    """Look at every notebook; return the exit code."""
    laden = [path for path in sorted(NOTEBOOKS.glob("*.ipynb")) if bare(path) != path.read_text()]
    for path in laden:
        print(f"{path.name}: {'cleared' if fix else 'has outputs; run scripts/bare_notebooks.py --fix'}")
        if fix:
            path.write_text(bare(path))
    return 1 if laden and not fix else 0


def bare(path: Path) -> str:
    """Return the notebook's text without outputs, counts and what front-ends leave in its metadata."""
    notebook = json.loads(path.read_text())
    notebook["metadata"] = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        if cell["cell_type"] == "code":
            cell["execution_count"] = None
            cell["outputs"] = []
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main("--fix" in sys.argv[1:]))
