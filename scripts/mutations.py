"""Show that the vectors of the wire catch faults: make each listed one in a copy of a fold and run the vectors on it.

    python scripts/mutations.py [python] [typescript]

Prints a table and fails when fewer than 19 of 20 are caught, or when a mutation is stale: its old text must occur exactly once,
and the mutated file must still be a program. The lists are `tests/mutations/*.toml`. The working tree is not touched.
TypeScript needs `js/node_modules`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "tests" / "vectors"
WORKERS = 2
SLIPS = 1
"""So many mutations of a list may survive."""
TIMEOUT = 120
"""Seconds after which a mutated fold counts as hanging, which is caught too."""


@dataclass(frozen=True)
class Mutation:
    """One fault: `old`, which occurs once in `file`, becomes `new`, which `breaks` something."""

    breaks: str
    file: str
    old: str
    new: str

    def apply(self, tree: Path) -> None:
        """Make the fault in the copy; raise `StaleMutation` where that is not possible."""
        path = tree / self.file
        text = path.read_text("utf-8")
        if text.count(self.old) != 1:
            raise StaleMutation(f"{self.file}: the old text of {self.breaks!r} occurs {text.count(self.old)} times, not once")
        path.write_text(text.replace(self.old, self.new), "utf-8")


class StaleMutation(Exception):
    """A listed mutation does not fit the source any more: write it anew."""


@dataclass(frozen=True)
class Language:
    """How to copy a fold (`files`) and run the vectors on the copy: what differs, nothing where all agrees."""

    files: tuple[str, ...]
    run: Callable[[Path], str]


def run_python(tree: Path) -> str:
    """Import the copy in a fresh interpreter."""
    (tree / "nbstream" / "__init__.py").touch()
    for name in PYTHON.files:
        compile((tree / name).read_text("utf-8"), name, "exec")
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return said([sys.executable, str(ROOT / "tests" / "conformance.py")], environment)


def run_typescript(tree: Path) -> str:
    """Bundle the copy for node and run it."""
    entry, bundle = tree / "js" / "test" / "conformance.run.ts", tree / "bundle.cjs"
    build = [str(ROOT / "js" / "node_modules" / ".bin" / "esbuild"), str(entry), f"--outfile={bundle}"]
    subprocess.run([*build, "--bundle", "--platform=node", "--format=cjs", "--log-level=error"], check=True, timeout=TIMEOUT)
    return said(["node", str(bundle)], {**os.environ, "NBSTREAM_VECTORS": str(VECTORS)})


def said(command: list[str], environment: dict[str, str]) -> str:
    """Run a conformance program; return the difference that it names."""
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return "hangs"
    message = done.stderr.strip()
    if done.returncode not in (0, 1) or "Traceback" in message or bool(message) != bool(done.returncode):
        raise StaleMutation(f"the mutated program does not run: {message[-500:]}")
    return message


PYTHON = Language(tuple(f"nbstream/_{name}.py" for name in ("errors", "events", "codec", "digest", "transcript")), run_python)
TYPESCRIPT = Language(
    (
        *(f"js/src/{name}.ts" for name in ("errors", "events", "transcript", "inbox")),
        *(f"js/test/{name}.ts" for name in ("conformance", "conformance.run")),
    ),
    run_typescript,
)
LANGUAGES = {"python": PYTHON, "typescript": TYPESCRIPT}


def listed(name: str) -> list[Mutation]:
    """Return the mutations of one language."""
    return [
        Mutation(**item)
        for item in tomllib.loads((ROOT / "tests" / "mutations" / f"{name}.toml").read_text("utf-8"))["mutation"]
    ]


def try_out(language: Language, mutation: Mutation | None) -> str:
    """Return what the vectors say of a copy with `mutation`, or of a true copy."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in language.files:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
        if mutation is not None:
            mutation.apply(tree)
        return language.run(tree)


def survivors(name: str) -> list[Mutation]:
    """Try all mutations of one language, print a line for each, and return those that nothing caught."""
    language, mutations = LANGUAGES[name], listed(name)
    if difference := try_out(language, None):
        raise StaleMutation(f"{name}: the fold itself disagrees with the vectors: {difference}")
    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(lambda mutation: try_out(language, mutation), mutations))
    for mutation, difference in zip(mutations, results, strict=True):
        print(f"{name:11}{'caught' if difference else 'SURVIVED':10}{mutation.breaks:55}{difference[:70]}")
    return [mutation for mutation, difference in zip(mutations, results, strict=True) if not difference]


def main(names: list[str]) -> int:
    """Try the languages in `names`, all where there is none."""
    failed = False
    for name in names or list(LANGUAGES):
        total, left = len(listed(name)), len(survivors(name))
        print(f"{name}: {total - left} of {total} caught")
        failed = failed or left > SLIPS
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
