"""The arguments that every way to begin a stream shares: limits and looks.

Belongs here: checking them, and their place in a run. Does not belong here: what one call alone takes (`_api`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, TypedDict, get_args

from nbstream._events import MetaValue
from nbstream._intake import Predicate
from nbstream._limits import Timeout
from nbstream._structured import Form

Render = Literal["markdown", "json", "text"]

MAX_DURATION: Final = "LITELLM_MAX_STREAMING_DURATION_SECONDS"


class Limits(TypedDict):
    """The limits of a run, as `Run` takes them."""

    timeout: Timeout
    max_output_tokens: int | None
    stop_when: list[Predicate]


def limits(
    timeout: object, max_output_tokens: object, stop_when: Predicate | Sequence[Predicate], default: Timeout | None = None
) -> Limits:
    """Return the limits that the arguments say; `default` is what no `timeout` means.

    Raises:
        TypeError, ValueError: an argument is wrong.
    """
    if timeout is None:
        timeout = default or Timeout()
    elif not isinstance(timeout, Timeout):
        timeout = Timeout(total=timeout)  # type: ignore[arg-type]  # reason: Timeout checks it
    if default is None:
        timeout = _within_litellms(timeout)
    predicates = [stop_when] if callable(stop_when) else list(stop_when)
    for predicate in predicates:
        if not callable(predicate):
            raise TypeError(
                f"stop_when holds {type(predicate).__name__}, which cannot be called; give a function of the transcript"
            )
    return {"timeout": timeout, "max_output_tokens": positive("max_output_tokens", max_output_tokens), "stop_when": predicates}


def _within_litellms(timeout: Timeout) -> Timeout:
    """Return `timeout` with no more in total than LiteLLM was told to allow, in its module or in the environment.

    LiteLLM itself heeds only an environment that was set before its import.
    """
    given = getattr(sys.modules.get("litellm"), MAX_DURATION, None) or os.environ.get(MAX_DURATION)
    try:
        most = float(given) if given else 0.0
    except (TypeError, ValueError):
        raise ValueError(f"{MAX_DURATION} is {given!r}; give seconds as a number, or unset it") from None
    if most <= 0 or (timeout.total is not None and timeout.total <= most):
        return timeout
    return replace(timeout, total=most)


def positive(name: str, value: object) -> int | None:
    """Return `value`, a whole number above 0, or None.

    Raises:
        TypeError, ValueError: it is neither.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r}; give a whole number, or None for no limit")
    if value < 1:
        raise ValueError(f"{name} is {value}; give 1 or more, or None for no limit")
    return value


def rendering(render: Render | None, form: Form | None) -> Render:
    """Return how a stream is rendered where nobody said: JSON as it is, all else as Markdown."""
    if render is not None:
        return render
    return "json" if form is not None and form.is_json else "markdown"


def looks(title: object, render: object) -> dict[str, MetaValue]:
    """Return the meta that says how a stream looks.

    Raises:
        TypeError, ValueError: an argument is wrong.
    """
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title is {type(title).__name__}; give a string")
    if render not in get_args(Render):
        raise ValueError(f'render is {render!r}; give "markdown", "json" or "text"')
    return {"render": str(render), **({"title": title} if title else {})}
