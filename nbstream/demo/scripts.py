"""What the demo answers: texts written in advance, chosen by the prompt's words.

Belongs here: the choice, and what in a text depends on the question. Does not belong here: the texts (``answers/*.md``, each
with a part of thinking and a part of content) and how they are sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from nbstream.demo.answer import Answer, Call, cuts, words
from nbstream.demo.formats.shape import Ask, Json

_CHOICES = (
    ("weather", r"\b(weather|forecast|temperature|rain|umbrella)\b"),
    ("sky", r"\bsky\b|\brayleigh\b|\bsunsets?\b"),
    ("recursion", r"\brecursi(on|ve)\b"),
    ("compare", r"\b(compare|comparison|differences?|versus|vs|table|pros and cons|asyncio|threads?)\b"),
    ("code", r"\b(code|python|function|program|script|snippet|implement|algorithm|primes?)\b"),
    ("story", r"\b(story|tale|essay|poem|long (answer|text|reply))\b"),
)
"""Each script and the words that choose it; the first that matches is taken."""

_BEFORE_PLACE = re.compile(r"\b(?:in|for|at|of)\s+", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*)*")
_NO_PLACE = re.compile(
    r"\b(the|my|your|our|an?|this|that|these|today|tomorrow|tonight|now|right|next|celsius|fahrenheit|"
    r"and|or|on|in|at|for|of|by|with|like|please|it|is|will|should|do)\b.*",
    re.IGNORECASE,
)
_SHORT_PLACES = {"nyc": "New York", "la": "Los Angeles", "sf": "San Francisco"}
_LONGEST_PLACE = 40
DEFAULT_PLACE = "Oslo"

_LONGEST_RESULT = 1200
"""The most characters of a tool's result that are quoted."""
_MOST_ROWS = 12


def answer(ask: Ask) -> Answer:
    """Return the answer to `ask`; it thinks first, then says at least 300 characters."""
    if (rest := _rest(ask)) is not None:
        return rest
    if ask.results:
        return _spoken("weather_result", {"result": _shown(ask.results[-1])})
    name = next((name for name, pattern in _CHOICES if re.search(pattern, ask.prompt, re.IGNORECASE)), "default")
    if name == "weather":
        where = place(ask.prompt)
        return _spoken(name, {"place": where}, weather_call(ask.tools, where))
    return _spoken(name, {})


def _rest(ask: Ask) -> Answer | None:
    """Return what is left of an answer of ours that broke off and is asked to go on; None for any other question."""
    if len(ask.messages) < 3 or ask.messages[-2].role != "assistant":
        return None
    said = ask.messages[-2].text
    whole = answer(replace(ask, messages=ask.messages[:-2])).text("content")
    left = whole.removeprefix(said) if said else whole
    return Answer.of(list(words(left))) if 0 < len(left) < len(whole) else None


@cache
def text(name: str) -> tuple[str, str]:
    """Return the thinking and the content of a script."""
    source = files("nbstream.demo").joinpath("answers", f"{name}.md").read_text(encoding="utf-8")
    _, thinking, content = re.split(r"^--- (?:thinking|content)\n", source, flags=re.MULTILINE)
    return thinking.strip(), content.strip()


def _spoken(name: str, values: Mapping[str, str], call: Call | None = None) -> Answer:
    thinking, content = text(name)
    for key, value in values.items():
        thinking, content = (part.replace(f"{{{key}}}", value) for part in (thinking, content))
    return Answer.of(list(words(content)), thinking=list(words(thinking)), calls=[call] if call else [])


def place(prompt: str) -> str:
    """Return the place that a question about the weather names, else the default one."""
    for found in _BEFORE_PLACE.finditer(prompt):
        named = _WORDS.match(prompt, found.end())
        name = _NO_PLACE.sub("", named[0]).strip(" .'’-") if named else ""
        if 0 < len(name) <= _LONGEST_PLACE:
            return _SHORT_PLACES.get(name.lower(), name.title() if name.islower() else name)
    return DEFAULT_PLACE


def weather_call(tools: Mapping[str, Json], where: str) -> Call:
    """Return the call of the weather tool: the caller's own where one is on offer, with arguments that fit its schema."""
    fitting = [name for name in tools if re.search(r"weather|forecast", name, re.IGNORECASE)] or list(tools)
    name = fitting[0] if fitting else "get_weather"
    arguments: Json = {"city": where, "units": "celsius", "days": 3, "include": ["temperature", "wind", "precipitation"]}
    if fitting:
        arguments = _fitted(tools[name], where)
    written = json.dumps(arguments, ensure_ascii=False)
    return Call("call_demo_1", name, list(cuts(written, max(1, min(3, len(written) // 16)))))


def _fitted(schema: Json, where: str) -> Json:
    """Return arguments for the properties that `schema` requires and those whose meaning is known."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    return {
        name: _value(name, rule if isinstance(rule, dict) else {}, where)
        for name, rule in properties.items()
        if name in needed or re.search(r"city|place|location|unit|days?$", name, re.IGNORECASE)
    }


def _value(name: str, rule: Json, where: str) -> Any:
    choices = rule.get("enum")
    if isinstance(choices, list) and choices:
        return next((choice for choice in choices if str(choice).lower() in ("celsius", "c", "metric")), choices[0])
    kind = rule.get("type")
    if kind in ("integer", "number"):
        return 3
    if kind == "boolean":
        return True
    if kind in ("array", "object"):
        return [] if kind == "array" else {}
    return "celsius" if re.search("unit", name, re.IGNORECASE) else where


def _shown(result: str) -> str:
    """Return a tool's result as Markdown: a table for a flat JSON object, else a block of text."""
    try:
        value = json.loads(result)
    except ValueError:
        value = result
    if isinstance(value, dict) and value and all(isinstance(v, (str, int, float)) for v in value.values()):
        rows = [f"| {_cell(str(key))} | {_cell(str(v))} |" for key, v in value.items()]
        return "\n".join(["| Field | Value |", "|---|---|", *rows[:_MOST_ROWS]])
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", shown) or [""]))
    return f"{fence}text\n{shown[:_LONGEST_RESULT]}\n{fence}"


def _cell(value: str) -> str:
    return re.sub(r"\s+", " ", value[:100]).replace("\\", "\\\\").replace("|", "\\|")
