"""The provider itself: a server in a thread, and the scripts by model.

Belongs here: the way in. Does not belong here: what is answered (see `answering`).
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from nbstream.demo.answer import Answer
from nbstream.demo.formats import format_of
from nbstream.demo.formats.shape import dumps
from nbstream.demo.http import Request, Response
from nbstream.demo.server import Server
from nbstream.demo.service import read_body, refuse
from nbstream.demo.thread import ThreadedServer
from provider.answering import deliver
from provider.faults import Fault
from provider.gate import Gate
from provider.script import Connection, Recording, Script

_BASES = {"openai": "/v1", "anthropic": "", "gemini": "", "ollama": ""}


class FakeProvider:
    """A provider to test against; the package's docstring is its manual.

    Args:
        tls: serve https with a certificate for 127.0.0.1; clients must trust `ca_file`.
    """

    def __init__(self, *, tls: bool = False) -> None:
        self._changed = threading.Condition()
        self._scripts: dict[str, Script] = {}
        self._folder = TemporaryDirectory(prefix="provider-") if tls else None
        self.ca_file = Path(self._folder.name) / "ca.pem" if self._folder else None
        self._thread = ThreadedServer(Server(self._respond, tls=_certified(self.ca_file) if self.ca_file else None))
        self.connections: list[Connection] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._thread.stop()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def url(self) -> str:
        """The address, without a path."""
        return self._thread.server.url

    @property
    def requests(self) -> list[Request]:
        """All requests so far."""
        return [connection.request for connection in self.connections]

    def base(self, name: str) -> str:
        """Return the base address that a client of ``openai``, ``anthropic``, ``gemini`` or ``ollama`` takes."""
        return self.url + _BASES[name]

    def script(
        self,
        model: str,
        answer: Answer | Recording | Sequence[Answer | Recording],
        *,
        rate: float | None = None,
        first_delay: float = 0.0,
        header_delay: float = 0.0,
        gate: Gate | None = None,
        faults: Sequence[Fault] = (),
        raw: bool = True,
        framing: str = "chunked",
    ) -> Script:
        """Say what is answered to requests for `model`; the package's docstring explains the keywords."""
        answers = [answer] if isinstance(answer, Answer | Recording) else list(answer)
        script = Script(answers, self._changed, rate, first_delay, header_delay, gate, faults, raw, framing)
        self._scripts[model] = script
        return script

    async def _respond(self, request: Request, response: Response) -> None:
        conn = Connection(request, self._changed)
        response.closed = conn.closed
        found = format_of(request.path)
        script, ask = None, None
        try:
            if found is not None:
                ask = found.ask(request.path, read_body(request))
                script = self._scripts.get(ask.model)
        except ValueError as error:
            await response.whole(400, "application/json", dumps({"error": {"message": str(error)}}))
            return
        finally:
            with self._changed:
                self.connections.append(conn)
                if script is not None:
                    script.connections.append(conn)
                self._changed.notify_all()
        if found is None or ask is None:
            await response.whole(404, "application/json", dumps({"error": {"message": f"nothing answers on {request.path}"}}))
        elif script is None:
            await refuse(response, found, 404, f"The model `{ask.model}` does not exist", "model_not_found")
        else:
            await deliver(script, conn, found, ask, response)


def _certified(ca_file: Path) -> ssl.SSLContext:
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context
