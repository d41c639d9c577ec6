"""The calls of the public API: from arguments to a running, shown stream.

Belongs here: checking arguments, defaults, putting source, run, callbacks and handle together. Does not belong here: any of
these.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from nbstream import _host, _ledger
from nbstream._arguments import Render, limits, looks, rendering
from nbstream._callbacks import Callbacks
from nbstream._errors import NbstreamError, WouldDeadlock
from nbstream._events import MetaValue
from nbstream._intake import Predicate
from nbstream._json_machine import Path
from nbstream._limits import Timeout
from nbstream._messages import messages_of
from nbstream._record import StreamEvent
from nbstream._run import Run
from nbstream._stream import Stream
from nbstream._structured import Form, form_of
from nbstream.sources._litellm import LiteLLMSource
from nbstream.sources._objects import source_of

DEMO = "demo"

Message = Mapping[str, Any]


def stream(
    prompt: str | Sequence[Message],
    *,
    model: str | None = None,
    system: str | None = None,
    images: Sequence[Any] | None = None,
    files: Sequence[Any] | None = None,
    response_format: Any = None,
    timeout: Timeout | float | None = None,
    max_output_tokens: int | None = None,
    stop_when: Predicate | Sequence[Predicate] = (),
    title: str | None = None,
    display: bool = True,
    wait: bool | None = None,
    render: Render | None = None,
    on_token: Callable[[str], Any] | None = None,
    on_event: Callable[[StreamEvent], Any] | None = None,
    on_field: Callable[[Path, Any], Any] | None = None,
    on_error: Callable[[NbstreamError], Any] | None = None,
    on_complete: Callable[[Stream], Any] | None = None,
    **provider: Any,
) -> Stream:
    """Ask a model and show the answer while it is generated; return a handle at once (outside a kernel: after the end).

    Args:
        prompt: the question, or a list of messages ({"role": …, "content": …}).
        model: in LiteLLM's words, provider/model, such as "openai/gpt-5"; default: the environment variable `NBSTREAM_MODEL`,
            else "demo", a local server with scripted answers that needs no key.
        system: a system message to put first.
        images: what to look at: paths, addresses, bytes, matplotlib figures, PIL images.
        files: what to read: paths, bytes, or pairs of a name and bytes; text, PDF, WAV or MP3.
        response_format: the JSON that is wanted: a pydantic model (the class), a JSON schema, or `{"type": "json_object"}`;
            read it by `s.partial`, `s.fields`, `s.items()` and `s.parsed`.
        timeout: a `Timeout`, or seconds for the whole run; default: `Timeout()`.
        max_output_tokens: stop after this many (estimated) tokens of content and thinking.
        stop_when: a predicate on the transcript, or several; the run is stopped when one is true.
        title: shown in place of the model.
        display: show it; False only returns the handle.
        wait: True returns after the end, False at once, None decides: at once in a kernel, after the end outside one.
        render: "markdown", "text" for the raw text, or "json" for a tree that grows, the default where JSON was asked for.
        on_token: called with each piece of content.
        on_event: called with each `StreamEvent`.
        on_field: called with the path and the value of each value of a JSON answer, when it is complete.
        on_error: called with the `NbstreamError`, before `on_complete`.
        on_complete: called with the handle after every end.
        provider: everything else goes to `litellm.acompletion`: temperature, tools, stop, api_key, api_base, …

    Raises:
        TypeError, ValueError: an argument is wrong. Whatever goes wrong later ends in the run: `s.status`, `s.error`.

    >>> import nbstream as nb
    >>> s = nb.stream("Why is the sky blue?", wait=True, display=False)
    >>> s.finish_reason
    'stop'
    """
    messages, shown = messages_of(prompt, system, images, files)
    for name in {"stream", "messages"} & set(provider):
        raise TypeError(
            f"{name}= is nbstream's own; {'it always streams' if name == 'stream' else 'pass the messages as the prompt'}"
        )
    model = _model(model)
    form = form_of(response_format)
    look, limit = looks(title, rendering(render, form)), limits(timeout, max_output_tokens, stop_when)
    callbacks = Callbacks(on_token, on_event, on_error, on_complete, on_field)
    source = _source(model, messages, provider if form is None else {**provider, "response_format": form.keyword})
    meta: dict[str, MetaValue] = {"model": source.title, "prompt": shown, **look}
    if model == DEMO:
        meta["demo"] = True
    key = provider.get("api_key")
    run = Run(source, meta=meta, secret=(key,) if isinstance(key, str) else (), **limit)
    handle = _start(run, messages, display, wait, callbacks, form)
    handle._again = partial(
        stream,
        model=model,
        timeout=timeout,
        max_output_tokens=max_output_tokens,
        stop_when=stop_when,
        title=title,
        display=display,
        wait=wait,
        **provider,
    )
    return handle


def display_stream(
    stream: object,
    *,
    response_format: Any = None,
    timeout: Timeout | float | None = None,
    max_output_tokens: int | None = None,
    stop_when: Predicate | Sequence[Predicate] = (),
    title: str | None = None,
    display: bool = True,
    wait: bool | None = None,
    render: Render | None = None,
    on_token: Callable[[str], Any] | None = None,
    on_event: Callable[[StreamEvent], Any] | None = None,
    on_field: Callable[[Path, Any], Any] | None = None,
    on_error: Callable[[NbstreamError], Any] | None = None,
    on_complete: Callable[[Stream], Any] | None = None,
) -> Stream:
    """Show a stream that you have, whatever it is, and return a handle on it.

    Args:
        stream: recognised by its shape: a stream of the OpenAI, Anthropic or LiteLLM client, sync or async, also
            `messages.stream(…)` and its `text_stream`, opened and closed for you; an iterator or generator of texts, also
            async; a coroutine or a function that returns one of these; a response that was not streamed; AI SDK chunks; a
            source such as `nb.fake(…)`; a handle (a second view of it).

    The other arguments are those of `stream`; with `wait=None`, what is async is never waited for where an event loop runs.

    Raises:
        TypeError: nbstream does not know how to pull this object; the message names what it takes.
        ValueError: the object is exhausted, or it is shown already.
        WouldDeadlock: `wait=True` on the event loop that must feed the stream.

    >>> import nbstream as nb
    >>> nb.display_stream(nb.fake("Hello", rate=None, ttft=0), wait=True, display=False).content
    'Hello'
    """
    if isinstance(stream, Stream):
        if display:
            stream._show()
        return stream
    source = source_of(stream)
    feeding = getattr(source, "loop", None)
    running = asyncio._get_running_loop()
    if wait and feeding is not None and feeding is running:
        raise WouldDeadlock("wait=True would block the event loop that feeds the stream")
    if wait is None and running is not None and (feeding is running or getattr(source, "asynchronous", False)):
        wait = False  # who hands over something async means to await it
    form = form_of(response_format)
    look, limit = looks(title, rendering(render, form)), limits(timeout, max_output_tokens, stop_when)
    run = Run(source, meta={"model": source.title, **look}, **limit)
    return _start(run, [], display, wait, Callbacks(on_token, on_event, on_error, on_complete, on_field), form)


def stop_all() -> None:
    """Stop every run of this process; their partial answers are kept."""
    _ledger.stop_all("user")


def _start(
    run: Run, messages: list[dict[str, Any]], display: bool, wait: bool | None, callbacks: Callbacks, form: Form | None
) -> Stream:
    handle = Stream._of(run, messages)
    handle._form = form
    terminal = handle._begin(callbacks, display=display)
    if wait is None:
        wait = _host.kernel() is None
    if wait:
        handle.wait()
        if terminal is not None:
            terminal.join()
    return handle


def _model(model: object) -> str:
    if model is None:
        return os.environ.get("NBSTREAM_MODEL") or DEMO
    if not isinstance(model, str):
        raise TypeError(f"model is {type(model).__name__}; give a string such as 'openai/gpt-5'")
    if not model.strip():
        raise ValueError("model is empty; give a name such as 'openai/gpt-5', or leave it out for the demo")
    return model


def _source(model: str, messages: list[dict[str, Any]], provider: dict[str, Any]) -> LiteLLMSource:
    if model != DEMO:
        return LiteLLMSource(model, messages, **provider)
    from nbstream import demo  # the demo's server and scripts are loaded by those who use them

    source = LiteLLMSource("openai/demo", messages, **{**provider, "api_base": f"{demo.url()}/v1", "api_key": "demo"})
    source.title = DEMO
    return source
