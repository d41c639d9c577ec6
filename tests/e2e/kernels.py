"""Other versions of ipykernel for the browser tests, beside the one that is installed.

Belongs here: how they come to the machine and how the server knows them. Does not belong here: their messages (see `kernel`).

Each is ipykernel alone, without what it depends on, in a directory of its own that is put first on the kernel's path: the rest
is this interpreter's. Installed on first use, kept in `.cache/kernels`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import nbformat

CACHE: Final = Path(__file__).parents[2] / ".cache" / "kernels"
NEWEST: Final = "newest"
"""The version that is installed."""
OLDER: Final = {"6.29": "6.29.5", "7.0": "7.0.1", "7.3": "7.3.0"}
INSTALL_SECONDS: Final = 120.0


def spec(version: str) -> dict[str, str]:
    """Return the `kernelspec` of a notebook for `version`: NEWEST or a key of `OLDER`."""
    name = "python3" if version == NEWEST else f"ipykernel-{version}"
    return {"name": name, "display_name": f"ipykernel {version}", "language": "python"}


def install(version: str) -> None:
    """Install `version` where it is not yet."""
    if version == NEWEST or (_place(version) / "ipykernel").is_dir():
        return
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", "--target", str(_place(version)), f"ipykernel=={OLDER[version]}"],
        check=True,
        timeout=INSTALL_SECONDS,
    )


def write_specs(data: Path) -> None:
    """Make the versions known to a server whose data directory is `data`, also before they are installed."""
    for version in OLDER:
        folder = data / "kernels" / spec(version)["name"]
        folder.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join(filter(None, (str(_place(version)), os.environ.get("PYTHONPATH"))))
        content: dict[str, Any] = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "env": {"PYTHONPATH": path},
            "display_name": spec(version)["display_name"],
            "language": "python",
            "interrupt_mode": "signal",
            "metadata": {"debugger": True},
        }
        (folder / "kernel.json").write_text(json.dumps(content))


def write_notebook(file: Path, version: str, *cells: str) -> None:
    """Write a notebook with code `cells` that asks for `version`."""
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    document.metadata["kernelspec"] = spec(version)
    nbformat.write(document, file)


def _place(version: str) -> Path:
    return CACHE / OLDER[version]
