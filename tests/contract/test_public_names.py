"""The public names: one sorted list, every name there, explained, and nothing public beside it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import pytest

import nbstream
from nbstream import testing

MODULES = (nbstream, testing)
PUBLIC = [(module, name) for module in MODULES for name in module.__all__]
# Modules without a leading underscore. Whatever else is found below nbstream is private.
PUBLIC_MODULES = {"demo", "sources", "testing"}


def members(value: Any) -> list[tuple[str, Any]]:
    """Return the public methods and properties of a class of ours, those of the parts that it is made of included."""
    return [
        (name, member)
        for part in value.__mro__
        if part.__module__.startswith("nbstream")
        for name, member in vars(part).items()
        if not name.startswith("_")
        and (inspect.isfunction(member) or isinstance(member, property | classmethod | staticmethod))
    ]


@pytest.mark.parametrize("module", MODULES)
def test_the_list_is_sorted_and_names_nothing_twice(module: ModuleType) -> None:
    assert list(module.__all__) == sorted(set(module.__all__))


@pytest.mark.parametrize(("module", "name"), PUBLIC)
def test_every_name_is_there_and_explained(module: ModuleType, name: str) -> None:
    value = getattr(module, name)
    if inspect.isclass(value) or inspect.isroutine(value):
        assert inspect.getdoc(value), f"{name} has no docstring"
        # A dataclass without a docstring is given its signature as one.
        assert not (value.__doc__ or "").startswith(f"{name}("), f"{name} has no docstring"


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, n in PUBLIC if inspect.isclass(getattr(m, n))])
def test_every_public_member_is_explained(module: ModuleType, name: str) -> None:
    assert not [member for member, value in members(getattr(module, name)) if not inspect.getdoc(value)]


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_public_beside_the_list(module: ModuleType) -> None:
    own = {n for n, v in vars(module).items() if not n.startswith("_") and not inspect.ismodule(v)}
    own -= {"annotations"}  # of `from __future__`
    if module is testing:  # its module is also its source: names that it imports for itself are not offered
        own = {n for n in own if getattr(vars(module)[n], "__module__", None) == module.__name__}
    assert own <= set(module.__all__)


def test_the_modules_of_the_package_are_private_but_for_three() -> None:
    assert {m.name for m in pkgutil.iter_modules(nbstream.__path__) if not m.name.startswith("_")} == PUBLIC_MODULES


@pytest.mark.parametrize("name", sorted(PUBLIC_MODULES))
def test_a_public_module_says_what_it_is_for(name: str) -> None:
    assert (importlib.import_module(f"nbstream.{name}").__doc__ or "").strip()
