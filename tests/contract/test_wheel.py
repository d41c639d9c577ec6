"""What is packed, what the tree holds, and that the wheel is what gets tested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import nbstream
from contract.imports import ROOT, python_imports, python_modules
from nbstream import _parts

HOSTS = tuple("".join(parts) for parts in (("pypi", ".org"), ("python", "hosted.org"), ("npm", "js.org"), ("yarn", "pkg.com")))
HOSTS += tuple("".join(parts) for parts in (("deb.", "debian.org"), ("/opt/", "wheels"), ("npm", "mirror"), ("ubuntu", ".com")))
# Imported on demand where they are installed; everything else must come with the declared requirements.
OPTIONAL = {"anthropic", "rich"}
BIG = 400_000
BIG_PICTURE = 4_000_000


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of this tree."""
    return pack("sdist", ROOT, tmp_path_factory.mktemp("sdist"), os.environ["PATH"])


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel made from the source distribution where no Node is to be found."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    bare = tmp_path_factory.mktemp("bin")
    assert shutil.which("npm", path=str(bare)) is None
    return pack("wheel", next(unpacked.iterdir()), tmp_path_factory.mktemp("wheel"), str(bare))


def pack(kind: str, source: Path, target: Path, path: str) -> Path:
    """Build `kind` from `source` into `target` with `path` as the search path."""
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return next(target.iterdir())


def tree() -> list[Path]:
    """Return the files of the project: in a checkout those that git has or would take, else all of an unpacked sdist."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not {".venv", "node_modules"} & set(path.parts)]


def test_the_wheel_holds_the_bundle_the_types_and_the_package_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    assert sizes["nbstream/static/widget.js"] > 5_000
    for part in _parts.FILES.values():
        assert sizes[f"nbstream/static/{part}"] > 5_000
    assert "nbstream/static/licenses.txt" in sizes
    assert "nbstream/py.typed" in sizes
    assert {name.split("/")[0] for name in sizes} == {"nbstream", f"nbstream-{nbstream.__version__}.dist-info"}
    modules = {str(path.relative_to(ROOT)) for path in python_modules().values()}
    assert modules <= set(sizes)
    assert max(sizes.values()) < BIG


def test_the_sdist_holds_the_bundle_and_what_it_is_made_from(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {
        "nbstream/static/widget.js",
        "nbstream/static/licenses.txt",
        *(f"nbstream/static/{part}" for part in _parts.FILES.values()),
        "js/parts.json",
        "js/package.json",
        "js/package-lock.json",
        "js/src/widget.ts",
        "hatch_build.py",
    } <= names
    assert not [name for name in names if "node_modules" in name]


def test_the_declared_requirements_bring_every_package_that_is_imported() -> None:
    distributions = metadata.packages_distributions()
    brought, ahead = set(), ["nbstream"]
    while ahead:
        name = ahead.pop().lower().replace("_", "-")
        if name in brought:
            continue
        brought.add(name)
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                ahead.append(requirement.name)
    for module, path in python_modules().items():
        for found in python_imports(module, path):
            package = found.target.split(".")[0]
            if package not in sys.stdlib_module_names | OPTIONAL | {"nbstream"}:
                assert {d.lower().replace("_", "-") for d in distributions[package]} & brought, found


def test_the_stolen_releases_of_litellm_are_excluded() -> None:
    requirement = next(r for r in map(Requirement, metadata.requires("nbstream") or ()) if r.name == "litellm")
    assert not {"1.82.7", "1.82.8"} & set(requirement.specifier.filter(["1.82.6", "1.82.7", "1.82.8", "1.82.9"]))


def test_no_file_names_the_host_of_a_registry() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} names {host}"
        for path in tree()
        for host in HOSTS
        if host.encode() in path.read_bytes() and path != Path(__file__)
    ]
    assert not wrong


def test_nothing_big_is_in_the_tree() -> None:
    limit = {".png": BIG_PICTURE, ".webp": BIG_PICTURE, ".gif": BIG_PICTURE}
    assert not [path for path in tree() if path.stat().st_size > limit.get(path.suffix, BIG)]


def test_make_test_runs_on_the_wheel_and_not_on_the_checkout() -> None:
    assert nbstream.__file__ is not None
    tested = Path(nbstream.__file__).parent
    if os.environ.get("NBSTREAM_WHEEL"):
        assert tested != ROOT / "nbstream"
        assert (tested.parent / f"nbstream-{nbstream.__version__}.dist-info" / "WHEEL").exists()
        names = {path.relative_to(tested) for path in tested.rglob("*.py")}
        assert names == {path.relative_to(ROOT / "nbstream") for path in python_modules().values()}
    else:
        assert tested == ROOT / "nbstream", "nbstream is neither the wheel of `make test` nor this checkout"
