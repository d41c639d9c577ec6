"""The HTTP transport of a run: it reads the provider's bytes before any client library does.

Belongs here: the connection, what is noted of it (`_watch`), bodies passed through the cleaner (`_lines`). Does not belong
here: which library calls it (`_client`), what its failures mean (`_faults`).

Beneath is a plain httpx client, so that proxies, certificates and content codings are httpx's. It has no time limits: those are
the run's own. Closing the transport closes every socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ssl import SSLContext
from typing import Final, cast

import httpx

from nbstream.sources import _faults
from nbstream.sources._lines import Lines, framing
from nbstream.sources._watch import Broken, Watch

BODY_LIMIT: Final = 16_384
"""The most bytes kept of a body that is no stream, for its message."""

_NO_LIMITS: Final = httpx.Timeout(None).as_dict()
_LOOPBACK: Final = ("all://127.0.0.1", "all://localhost", "all://[::1]")


class Transport(httpx.AsyncBaseTransport):
    """The transport of one run. It serves one request after another and notes in `watch` what they bring."""

    def __init__(self, watch: Watch, verify: SSLContext | str | bool = True, cert: str | None = None) -> None:
        self.watch = watch
        self._stopped = False
        self._inner = httpx.AsyncClient(
            verify=verify,
            cert=cert,
            timeout=None,  # noqa: S113 - time limits are the run's own
            mounts=dict.fromkeys(_LOOPBACK),  # a proxy of the environment cannot reach this machine
        )

    def stop(self) -> None:
        """Refuse every further request: the run was cancelled before the library got as far as asking."""
        self._stopped = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; a body that is framed as a stream comes back clean."""
        if self._stopped:
            raise asyncio.CancelledError
        if self.watch.fault is not None:  # a retry by the library; whether to try again is the run's decision
            raise httpx.ReadError(str(self.watch.fault), request=request)
        self.watch.requests += 1
        request.headers["accept-encoding"] = "identity"  # a compressor would hold text back
        request.extensions = {**request.extensions, "timeout": _NO_LIMITS}
        try:
            response = await self._inner.send(request, stream=True, auth=None)
        except httpx.TransportError as error:
            self.watch.fault = _faults.connection(error, request.url.host)
            raise _outward(self.watch, error) from None
        self._note(response)
        if fault := _faults.undecoded(response, self._inner.headers["accept-encoding"]):
            self.watch.fault = fault
            await response.aclose()
            raise _outward(self.watch, httpx.DecodingError(str(fault), request=request))
        headers = [(k, v) for k, v in response.headers.multi_items() if k not in ("content-encoding", "content-length")]
        return httpx.Response(
            response.status_code,
            headers=headers,
            stream=_Body(response, self.watch),
            extensions=response.extensions,
        )

    def _note(self, response: httpx.Response) -> None:
        watch = self.watch
        watch.status = response.status_code
        watch.content_type = response.headers.get("content-type", "")
        watch.retry_after = _faults.retry_after(response.headers)
        watch.body = b""

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of `response`, decoded and clean."""

    def __init__(self, response: httpx.Response, watch: Watch) -> None:
        self._response = response
        self._watch = watch
        self._lines = Lines(framing(watch.content_type) if response.is_success else "none", watch.see)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        watch, lines = self._watch, self._lines
        # A body that is not compressed need not take httpx's way through its decoders, which costs as much as our cleaning.
        coded = "content-encoding" in self._response.headers
        body = self._response.aiter_bytes() if coded else cast("httpx.AsyncByteStream", self._response.stream)
        try:
            async for data in body:
                watch.received += len(data)
                out = lines.feed(data)
                watch.streamed = lines.framing in ("sse", "ndjson")
                if not watch.streamed and len(watch.body) < BODY_LIMIT:
                    watch.body += data[:BODY_LIMIT]
                if out:
                    yield out
                self._check()
            out = lines.finish()
            watch.streamed = lines.framing in ("sse", "ndjson")
            if out:
                yield out
        except (httpx.TransportError, httpx.DecodingError) as error:
            watch.fault = watch.fault or _faults.cut(error, self._response.request.url.host, watch.received)
            raise _outward(watch, error) from None

    def _check(self) -> None:
        """Raise where the body cannot be read on; what was good has been passed on before."""
        if self._lines.fault:
            self._watch.fault = _faults.malformed(self._lines.fault)
            raise httpx.RemoteProtocolError(self._lines.fault)

    async def aclose(self) -> None:
        await self._response.aclose()


def _outward(watch: Watch, error: Exception) -> BaseException:
    return Broken() if watch.frank else error
