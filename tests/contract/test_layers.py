"""The layers, in Python and in TypeScript: who may import whom, and what from outside; and how large a module may be.

Belongs here: the table, which is the map of the project, and the tests that hold it. A module imports only what stands before
it in the table: rows above, and to its left in its own row. A new module gets its place here first.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from contract.imports import ROOT, SCRIPTS, Import, python_imports, python_modules, script_imports

# The modules of a package (sources, demo) stand as one; inside it any order without a cycle.
ROWS = (
    ("_version", "_errors", "_events", "_codec"),
    (
        *("_text", "_digest", "_transcript", "_calls", "_sections", "_coalesce"),
        *("_json_machine", "_json_steps", "_partial_json", "_predicates"),
    ),
    ("_threads", "_nested", "_worker", "sources"),
    (
        *("_stop", "_limits", "_chunk_fields", "_chunk_log", "_record", "_inspector", "_usage", "_structured", "_callbacks"),
        *("_intake", "_budget", "_replies", "_outbox", "_audience", "_delivery", "_parts"),
        *("_ledger", "_puller", "_run", "_attempts"),
    ),
    (
        *("_host", "_words", "_visible", "_inline_html", "_markdown_html", "_projections", "_static", "_export"),
        *("_comm", "_island", "_saved_form", "_widget", "_observed", "_terminal", "_view"),
        *("_reading", "_answer", "_reply", "_told", "_runs"),
    ),
    ("_attachments", "_messages", "_models", "_arguments", "_pushing", "_producer", "_stream", "_compare", "_tools"),
    ("testing", "demo", "_api", "_ui_chunks", "_to_sse", "_magics", "__main__"),
    ("__init__",),
)
PACKAGES = {"sources", "demo"}
ORDER = {name: place for place, name in enumerate(name for row in ROWS for name in row)}

# Rows 0 and 1 are the core: the same in any thread, loop or process, so nothing of these may be heard of there.
CONCURRENT = {"asyncio", "concurrent", "http", "multiprocessing", "queue", "select", "selectors", "socket", "ssl", "subprocess"}
CONCURRENT |= {"threading", "urllib"}
# Packages that each row may import from, beside the standard library.
OUTSIDE: tuple[set[str], ...] = (
    set(),
    set(),
    {"anthropic", "httpx", "litellm", "openai"},
    set(),
    {"IPython", "anywidget", "comm", "ipywidgets", "rich", "traitlets"},
    {"IPython"},
    {"IPython"},
    set(),
)
# Loaded on first use, never by `import nbstream`: a module with one of them at its top is itself imported lazily alone.
HEAVY = {"aiohttp", "anthropic", "httpx", "litellm", "openai", "pandas", "requests", "rich"}

# js/src, the same rule. A folder's modules (views, markdown) stand as one, but for those named on their own.
SCRIPT_ROWS = (
    ("css", "errors", "events", "strings", "timers", "keys", "page", "visible", "jsonreader"),
    ("transcript", "difference", "chunkpages", "arrivals", "attempts", "inbox"),
    ("urls", "schedule", "kernel", "output", "parts"),
    ("dom", "icons", "images", "markdown"),
    ("listeners", "store", "uplink", "runstore", "line", "requests", "comm"),
    ("views",),
    ("adopt",),
    ("widget",),
)
SCRIPT_ORDER = {name: place for place, name in enumerate(name for row in SCRIPT_ROWS for name in row)}
SCRIPT_OUTSIDE = {
    "markdown": {"markdown-it"},
    "views": {"ansi-sequence-parser"},
    "parts": {"highlight.js", "temml"},  # what is loaded on demand
    "widget": {"@anywidget/types"},
}

MODULES = python_modules()
IMPORTS = [found for name, path in MODULES.items() for found in python_imports(name, path)]
OURS = [found for found in IMPORTS if found.target.split(".")[0] == "nbstream"]
THEIRS = [found for found in IMPORTS if found.target.split(".")[0] != "nbstream"]
SCRIPT_IMPORTS = script_imports()
SOURCES = [*MODULES.values(), *sorted(SCRIPTS.rglob("*.ts"))]
LONGEST = 250


def unit(module: str) -> str:
    """Return the name in the table that stands for a module of ours: itself, or its package."""
    head = module.split(".")[0]
    return head if head in PACKAGES else module


def row(module: str) -> int:
    """Return the number of the row that `module` stands in."""
    return next(number for number, names in enumerate(ROWS) if unit(module) in names)


def inside(target: str) -> bool:
    """Tell whether a script's target is a file of ours."""
    return any((SCRIPTS / f"{target}{suffix}").is_file() for suffix in ("", ".ts"))


def package(target: str) -> str:
    """Return the name of the npm package that a script imports, or a file of."""
    return "/".join(target.split("/")[: 2 if target.startswith("@") else 1])


def below(target: str) -> str:
    """Return the module that a dotted name of ours means: ``nbstream`` itself is ``__init__``."""
    return target.removeprefix("nbstream").removeprefix(".") or "__init__"


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """Return the names on one cycle of `edges`, or nothing."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in sorted(edges.get(name, ())):
            if found := visit(target, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(edges) if (found := visit(name, []))), [])


def graph(imports: list[Import], *, eager: bool = False) -> dict[str, set[str]]:
    """Return who imports whom among our own modules; with `eager` only what happens at import."""
    edges: dict[str, set[str]] = {}
    for found in imports:
        if not (eager and found.lazy):
            edges.setdefault(found.module, set()).add(below(found.target))
    return edges


def test_there_is_something_to_read() -> None:
    assert "_events" in MODULES
    assert any(found.target == "nbstream._errors" for found in OURS)
    assert any(found.target == "events" for found in SCRIPT_IMPORTS)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_place_in_the_table(module: str) -> None:
    assert unit(module) in ORDER, f"give nbstream/{module.replace('.', '/')}.py a place in ROWS"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_stands_before_it(module: str) -> None:
    wrong = [
        str(found)
        for found in OURS
        if found.module == module
        and unit(below(found.target)) != unit(module)
        and ORDER[unit(below(found.target))] > ORDER[unit(module)]
    ]
    assert not wrong


def test_no_imports_go_round_in_a_circle() -> None:
    inner = [
        found for found in OURS if below(found.target) != found.module and found.target != f"nbstream.{unit(found.module)}"
    ]
    assert not cycle(graph(inner))


@pytest.mark.parametrize("module", MODULES)
def test_a_row_imports_from_outside_only_what_it_may(module: str) -> None:
    number = row(module)
    for found in (found for found in THEIRS if found.module == module):
        package = found.target.split(".")[0]
        if package in sys.stdlib_module_names:
            assert number > 1 or package not in CONCURRENT or found.target == "urllib.parse", found
        else:
            assert package in OUTSIDE[number], found


def test_import_nbstream_reaches_no_heavy_package() -> None:
    eager = graph(OURS, eager=True)
    heavy = {found.module: found for found in THEIRS if not found.lazy and found.target.split(".")[0] in HEAVY}
    reached, ahead = set(), ["__init__"]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += eager.get(name, set()) | ({unit(name)} if "." in name else set())
    assert not [str(found) for name, found in heavy.items() if name in reached]


@pytest.mark.parametrize("module", sorted({found.module for found in SCRIPT_IMPORTS}))
def test_a_script_imports_only_what_stands_before_it(module: str) -> None:
    name = module.split("/")[0]
    assert name in SCRIPT_ORDER, f"give js/src/{module}.ts a place in SCRIPT_ROWS"
    for found in (found for found in SCRIPT_IMPORTS if found.module == module):
        if inside(found.target):
            assert SCRIPT_ORDER[found.target.split("/")[0]] <= SCRIPT_ORDER[name], found
        else:
            assert package(found.target) in SCRIPT_OUTSIDE.get(name, set()), found


def test_no_scripts_go_round_in_a_circle() -> None:
    edges: dict[str, set[str]] = {}
    for found in SCRIPT_IMPORTS:
        if inside(found.target):
            edges.setdefault(found.module, set()).add(found.target)
    assert not cycle(edges)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_opens_with_what_it_is_and_is_no_longer_than_one_noun_needs(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(('"""', "/**"))
    assert text.count("\n") <= LONGEST, "find the second noun in it, and give that a module"


@pytest.mark.parametrize(
    ("forbidden", "allowed_in"),
    [
        (r"\bcreateElement(NS)?\(", {"dom", "adopt"}),  # adopt: the one <slot> that gives a node back to its renderer
        (r"\b(innerHTML|outerHTML|srcdoc)\b|\binsertAdjacentHTML\b|\bdocument\.write", set()),
        (r"\bDOMParser\b", {"markdown/entities"}),  # the browser's own table of named characters
        (r"\beval\(|\bnew Function\(", set()),
        (r"\bfetch\(|\bXMLHttpRequest\b|\bWebSocket\(|\bEventSource\(|\bsendBeacon\(", set()),
    ],
)
def test_what_is_dangerous_is_written_in_one_place_or_nowhere(forbidden: str, allowed_in: set[str]) -> None:
    for path in sorted(SCRIPTS.rglob("*.ts")):
        if path.relative_to(SCRIPTS).with_suffix("").as_posix() not in allowed_in:
            code = re.sub(r"/\*.*?\*/|(?<![:'\"])//[^\n]*", "", path.read_text(), flags=re.DOTALL)
            assert not re.search(forbidden, code), path
