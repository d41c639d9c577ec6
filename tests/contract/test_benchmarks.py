"""The benchmarks still run: they hang on inner parts of nbstream, which nothing else would tell them of."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from contract.imports import ROOT


@pytest.mark.timeout(300)
def test_every_layer_is_measured_by_the_quick_run() -> None:
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))  # the wheel first, where it is tested
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"],
        env={**os.environ, "PYTHONPATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = dict(re.findall(r"^\| (\S.*?) \| \**(-?[\d.]+)", done.stdout, re.MULTILINE))
    names = (
        "httpx and json",
        "OpenAI SDK",
        "litellm",
        "transport",
        "source",
        "sectioner",
        "transcript",
        "records",
        "coalescer",
    )
    for name in names:
        assert any(found.startswith(name) for found in figures), name
    assert float(figures["OpenAI SDK"]) > 0
