"""Sources: whatever streams, as deltas.

Belongs here: the protocol that every source keeps, and the choice of a source by the shape of an object. Does not belong here:
what a provider's chunk means (one module each), limits, retries, sections.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol, runtime_checkable

from nbstream._events import Delta


@runtime_checkable
class Source(Protocol):
    """Something that a run pulls.

    Attributes:
        title: the model or a label, shown above the answer.
        repeatable: whether `deltas` may be called again, for another attempt.

    A source that holds something open before `deltas` is iterated has a method `abandon()` too, which the run calls at its end,
    also where it never came to pull. A repeatable one that can ask for the rest of an answer has a method `going_on(partial)`,
    which returns the source of that rest.
    """

    title: str
    repeatable: bool

    def deltas(self) -> AsyncGenerator[Sequence[Delta], None]:
        """Yield one batch of deltas for each of the provider's chunks.

        `Delta("phase", "loading")` may come first, `Delta("phase", "waiting")` comes when the request is handed to the client.
        Cancelling the task that iterates closes the provider's socket. A failure is raised as an `NbstreamError`; an end
        without a finish reason is a plain end, and the run says `truncated`.
        """
        ...
