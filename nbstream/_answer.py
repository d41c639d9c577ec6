"""What a handle offers of its answer beside the text: its JSON, and the next question.

Belongs here: `partial`, `fields`, `items`, `parsed`, `ask`. Does not belong here: the parser (`_partial_json`), where in an
answer its JSON is (`_structured`).

The parser reads the events that have come since it was last asked: who asks often pays for the new text alone, who never asks
pays nothing.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from nbstream import _projections
from nbstream._attempts import Held
from nbstream._errors import InvalidOutput
from nbstream._json_machine import Change, Path
from nbstream._reading import Events
from nbstream._record import StreamEvent
from nbstream._run import Run
from nbstream._structured import Form, Structure, parse


class Answer(Held):
    """The part of a handle that reads the answer as JSON, with or without a `response_format`, and asks on."""

    _request: list[dict[str, Any]]
    _form: Form | None = None
    _again: Callable[..., Any] | None = None
    _read: _Reader | None = None

    @property
    def partial(self) -> Any:
        """The JSON of the answer as far as it has come, None before it begins; a copy, yours to change.

        An open string is in it as far as it has come, an open number or literal is not.
        """
        return self._reader.partial()

    @property
    def fields(self) -> dict[Path, Any]:
        """Each complete value so far by its path, such as `("steps", 0, "title")`, in the order they were completed."""
        return self._reader.fields()

    @property
    def parsed(self) -> Any:
        """The whole answer: an instance of the pydantic model that was asked for, else Python objects; None until the end.

        Raises:
            InvalidOutput: at the end the answer is no JSON, or does not fit the model. `content` holds its text, and `partial`
                what could be read.
        """
        if self._run.transcript.end is None:
            return None
        content = self._run.transcript.content
        return parse(content) if self._form is None else self._form.read(content)

    def items(self, *path: str | int) -> Items:
        """Each item as soon as it is complete, for `for` and `async for`.

        The answer is an array, or holds one at `path`, or is JSON Lines: values one after the other. Like all iteration, it
        begins with the first item, and leaving it does not stop the run.

        >>> import nbstream as nb
        >>> s = nb.display_stream(nb.fake('{"steps": ["chop", "fry"]}', rate=None, ttft=0), display=False)
        >>> list(s.items("steps"))
        ['chop', 'fry']
        """
        return Items(self._run, self, path)

    def ask(self, prompt: str | Sequence[Mapping[str, Any]], **changes: Any) -> Any:
        """Go on with the conversation in a new view: the messages so far, then `prompt`, to the same model.

        Args:
            prompt: the next question, or messages, such as the results of the tool calls.
            changes: what is to be different from this call; everything that `nbstream.stream` takes. Callbacks and the
                `response_format` are not taken over.

        Raises:
            RuntimeError: the answer is not at its end.
            TypeError: nbstream did not make this call itself.
            ValueError: the answer ends with tool calls, whose results must come first.

        >>> import nbstream as nb
        >>> s = nb.stream("Why is the sky blue?", wait=True, display=False)
        >>> [message["role"] for message in s.ask("And at night?").messages]
        ['user', 'assistant', 'user', 'assistant']
        """
        if self._again is None:
            raise TypeError("nbstream did not make this call; go on with nb.stream([*s.messages, …], model=…)")
        if self._run.transcript.end is None:
            raise RuntimeError("the answer is still coming; s.wait() or s.stop() first")
        return self._again(_projections.going_on(self._request, self._run.transcript, prompt), **changes)

    @property
    def _reader(self) -> _Reader:
        reader, run = self._read, self._run
        if reader is None or reader.run is not run:
            self._read = reader = _Reader(run)
        return reader


class Items:
    """The items of an answer; each iteration starts at the first.

    Raises:
        InvalidOutput: after the last item, where the text that follows is no JSON, or a whole answer is not all of it.
    """

    def __init__(self, run: Run, stream: object, path: Path) -> None:
        """Read `run`, whose handle is `stream`; the array is at `path`."""
        self._run = run
        self._stream = stream
        self._path = path

    def __iter__(self) -> Iterator[Any]:
        """Follow to the end."""
        structure = Structure(lines=True)
        for event in Events(self._run, self._stream):
            yield from self._of(structure, event)

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Follow to the end, on any event loop."""
        structure = Structure(lines=True)
        async for event in Events(self._run, self._stream):
            for item in self._of(structure, event):
                yield item

    def _of(self, structure: Structure, event: StreamEvent) -> Iterator[Any]:
        if event.is_answer:
            yield from self._chosen(structure.feed(event.delta))
        elif event.type == "end":
            yield from self._chosen(structure.end())
            self._check(structure)

    def _chosen(self, changes: list[Change]) -> Iterator[Any]:
        for (document, *inner), value in changes:
            if len(inner) == len(self._path) + 1:
                *above, place = inner
                if document == 0 and tuple(above) == self._path and isinstance(place, int):
                    yield value
            elif not inner and not self._path and not (document == 0 and isinstance(value, list)):
                yield value

    def _check(self, structure: Structure) -> None:
        try:
            structure.parser.close()
        except ValueError as bad:
            if self._run.status == "done":  # a stopped or cut answer says so itself
                raise InvalidOutput(f"The answer is no JSON: {bad}", code="no_json") from None


class _Reader:
    """Reads what has come since it was last asked; for any thread."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._lock = threading.Lock()
        self._structure = Structure()
        self._fields: dict[Path, Any] = {}
        self._position = 0

    def partial(self) -> Any:
        with self._lock:
            self._catch_up()
            return _copy(self._structure.parser.value)

    def fields(self) -> dict[Path, Any]:
        with self._lock:
            self._catch_up()
            return dict(self._fields)

    def _catch_up(self) -> None:
        for event in self.run.log.since(self._position):
            self._position = event.seq
            changes: list[Change] = []
            if event.is_answer:
                changes = self._structure.feed(event.delta)
            elif event.type == "end":
                changes = self._structure.end()
            for path, value in changes:
                if path:
                    self._fields.pop(path, None)  # a repeated key is completed again, and last
                    self._fields[path] = value


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
