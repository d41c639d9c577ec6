"""An independent reader of recorded streams: the other opinion that ours is compared with.

Belongs here: what a recording says, read in the plainest way, from whole values where the provider sends them. Does not belong
here: any import of nbstream, which would make it no opinion of its own.

It reads a list of JSON values at leisure, not a stream; it knows no errors, no sections and no order between kinds.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Said:
    """What a recording says.

    Attributes:
        text: the answer, all responses of the recording in turn.
        thinking: the reasoning, likewise.
        tools: name and arguments of each call, in order of appearance: a text as streamed, or the value where one was sent.
    """

    text: str = ""
    thinking: str = ""
    tools: list[list[Any]] = field(default_factory=list)


def values(body: str) -> list[Any]:
    """The JSON values of a recording, framed as SSE or one a line; what is no JSON is left out."""
    found = []
    for line in body.splitlines():
        payload = line.removeprefix("data:")
        try:
            found.append(json.loads(payload))
        except ValueError:
            continue
    return [value for value in found if isinstance(value, dict)]


def read(body: str) -> Said:
    """What the recording `body` says."""
    events = values(body)
    kinds = {str(event.get("type", "")) for event in events}
    if any(kind.startswith("response.") for kind in kinds):
        return _responses(events)
    if "message_start" in kinds:
        return _anthropic(events)
    if "message-start" in kinds:
        return _cohere(events)
    if any("event_type" in event for event in events):
        return _interactions(events)
    if any("candidates" in event for event in events):
        return _gemini(events)
    if any(set(event) & {"contentBlockDelta", "contentBlockStart"} for event in events):
        return _bedrock(events)
    return _chat(events)


def _chat(events: list[Any]) -> Said:
    said, calls = Said(), dict[tuple[str, int], list[Any]]()
    for event in events:
        for choice in event.get("choices") or []:
            said.text += choice.get("text") or ""
            delta = choice.get("delta") or {}
            said.text += delta.get("refusal") or ""
            said.thinking += delta.get("reasoning_content") or ""
            content = delta.get("content") or ""
            for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
                if part["type"] == "text":
                    said.text += part["text"]
                else:
                    said.thinking += "".join(inner["text"] for inner in part["thinking"])
            for call in delta.get("tool_calls") or []:
                key = (event["id"], call.get("index", 0))
                if key not in calls:
                    calls[key] = ["", ""]
                    said.tools.append(calls[key])
                calls[key][0] += call["function"].get("name") or ""
                calls[key][1] += call["function"].get("arguments") or ""
    return said


def _anthropic(events: list[Any]) -> Said:
    said, calls, given = Said(), dict[int, list[Any]](), dict[int, Any]()
    for event in events:
        at = event.get("index", 0)
        if event["type"] == "content_block_start" and "tool_use" in event["content_block"]["type"]:
            calls[at] = [event["content_block"]["name"], ""]
            given[at] = event["content_block"]["input"]
            said.tools.append(calls[at])
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            said.text += delta.get("text", "")
            said.thinking += delta.get("thinking", "")
            if "partial_json" in delta:
                calls[at][1] += delta["partial_json"]
        elif event["type"] == "content_block_stop" and at in calls:
            if calls[at][1] == "" and given[at]:
                calls[at][1] = given[at]
            del calls[at]
    return said


def _responses(events: list[Any]) -> Said:
    """Calls from the whole items, texts from the deltas, or from the whole text of a part that had none."""
    said, grown = Said(), set[Any]()
    for event in events:
        kind, _, what = event["type"].removeprefix("response.").rpartition(".")
        part = (kind, event.get("output_index"), event.get("content_index"), event.get("summary_index"))
        if event["type"] == "response.created":
            grown.clear()
        if kind in ("output_text", "refusal", "reasoning_text", "reasoning_summary_text") and not (
            what == "done" and part in grown
        ):
            grown.add(part)
            piece = event["delta"] if what == "delta" else event.get("text", event.get("refusal", ""))
            if "reasoning" in kind:
                said.thinking += piece
            else:
                said.text += piece
        elif event["type"] == "response.output_item.done":
            item = event["item"]
            if item["type"].endswith("_call") or item["type"] == "mcp_approval_request":
                names = ("arguments", "input", "code", "operation", "action")
                arguments = next((item[name] for name in names if item.get(name) is not None), "")
                said.tools.append([item.get("name") or item["type"].removesuffix("_call"), arguments])
    return said


def _cohere(events: list[Any]) -> Said:
    said = Said()
    for event in events:
        message = (event.get("delta") or {}).get("message") or {}
        content = message.get("content") or {}
        if isinstance(content, dict):
            said.text += content.get("text", "")
            said.thinking += content.get("thinking", "")
        said.thinking += message.get("tool_plan") or ""
        if event["type"] == "tool-call-start":
            said.tools.append([message["tool_calls"]["function"]["name"], message["tool_calls"]["function"]["arguments"]])
        elif event["type"] == "tool-call-delta":
            said.tools[-1][1] += message["tool_calls"]["function"]["arguments"]
    return said


def _interactions(events: list[Any]) -> Said:
    said = Said()
    for event in events:
        if event["event_type"] == "step.delta":
            said.text += event["delta"].get("text", "")
    return said


def _bedrock(events: list[Any]) -> Said:
    said = Said()
    for event in events:
        if call := event.get("contentBlockStart", {}).get("start", {}).get("toolUse"):
            said.tools.append([call["name"], ""])
        delta = event.get("contentBlockDelta", {}).get("delta", {})
        said.text += delta.get("text", "")
        said.thinking += delta.get("reasoningContent", {}).get("text", "")
        if "toolUse" in delta:
            said.tools[-1][1] += delta["toolUse"]["input"]
    return said


def _gemini(events: list[Any]) -> Said:
    said = Said()
    for event in events:
        for part in event["candidates"][0].get("content", {}).get("parts", []):
            if part.get("thought"):
                said.thinking += part["text"]
            else:
                said.text += part.get("text", "")
            call = part.get("functionCall")
            if call and "name" in call:
                said.tools.append([call["name"], call.get("args", {})])
            for piece in (call or {}).get("partialArgs", []):
                _place(said.tools[-1][1], re.findall(r"[^.$\[\]]+", piece["jsonPath"]), piece["stringValue"])
    return said


def _place(arguments: Any, path: list[str], text: str) -> None:
    """Append `text` at `path`, with lists kept as objects until the end of `lists`."""
    for name in path[:-1]:
        arguments = arguments.setdefault(name, {})
    arguments[path[-1]] = arguments.get(path[-1], "") + text


def lists(value: Any) -> Any:
    """`value` with the objects that were lists as lists again."""
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [lists(value[name]) for name in sorted(value, key=int)]
    return {name: lists(item) for name, item in value.items()}
