"""A provider to test against: real sockets, five wire formats, faults on demand, and a record of when each client left.

Belongs here: the fake provider and its faults. Does not belong here: the wire formats and the HTTP server themselves, which are
the demo's (`nbstream.demo`), so that tests and demo cannot drift apart.

A provider runs in its own thread and answers by the **model** named in the request, so that tests can share one and run side by
side. Give each test its own model name:

    from provider import Answer, FakeProvider, Gate, faults

    with FakeProvider() as provider:                       # or the session-wide fixture `provider`
        script = provider.script("exact-1", Answer.of("Hello, world", thinking="Hm.", cut=3), rate=50)
        ... client at provider.base("openai") with the model "exact-1" ...
        conn = script.wait_for_connection(timeout=5)       # the next connection that asked for this model
        conn.wait_closed(timeout=5)

A model without a script is answered with 404 in the format's own shape, as an unknown model is.

Addresses: `provider.url` is ``http://127.0.0.1:PORT``; `provider.base(name)` is what a client takes as its base: ``"openai"``
(also every OpenAI-compatible route of litellm) gives ``…/v1``, ``"anthropic"``, ``"gemini"`` and ``"ollama"`` the bare address.
Formats are told apart by the path: ``…/chat/completions``, ``…/responses``, ``…/messages``, ``…:streamGenerateContent`` and
``…:generateContent``, ``…/api/chat``. The server is reachable from any process of this machine and asks for no key.

**Answers**
    Answer.of(content="", *, thinking="", calls=(), cut=None, finish_reason=..., usage=None)
        `content` and `thinking`: a text, cut into pieces of `cut` characters (None: one piece), or a list of texts, which are
        the pieces. `calls`: `Call(id, name, arguments)`, `arguments` a text or a list of texts. `finish_reason` in OpenAI's
        words (default ``stop``, with calls ``tool_calls``); None: none is sent. `usage`: `Usage(input, output, reasoning,
        cached)`, counted from the texts where it is not given.
    Answer(pieces=(Piece("thinking", "…"), Piece("content", "…"), Piece("tool", index=0, id="call_1", name="f"),
                   Piece("tool", '{"a"', index=0)), finish_reason="stop", usage=None)
        the pieces one by one, in any order; `Piece.choice` for n > 1 (openai-chat only); a lone surrogate is sent as an escape.
    Recording(chunks: Sequence[bytes], content_type="text/event-stream")
        bytes as they are, one chunk each.

**Chunks** are numbered from 0: chunk i carries piece i (with what must open before it), and one last chunk carries the end
(finish reason, usage, ``[DONE]``). A call has one piece for its name and one for each part of its arguments. Gemini and Ollama
send a call whole, in the place of its last piece; its other pieces are no chunks there. `script.chunks` after the first
request, or `conn.chunks_total`, tells how many there are.

**provider.script(model, answer, *, ...)** returns a `Script`. `answer` may be a list: one for each request in turn, the last
for all that follow. Keywords:
    rate: chunks per second (None: as fast as they are taken; a late chunk never makes the next ones hurry)
    first_delay: seconds between the headers and the first chunk;  header_delay: seconds before the headers
    gate: a `Gate`; chunk after chunk waits for it, no sleeps needed
    faults: a list of those below
    raw: True (default) sends non-ASCII raw in JSON, U+2028, U+2029 and U+0085 too; False: as escapes
    framing: ``"chunked"`` (default) or ``"close"`` (body ends with the connection)

**Faults** (`provider.faults`), each a small frozen class; several can be combined:
    Split(*at) / Split.every_byte()      writes cut at these byte positions of the whole body / after each byte
                                         (some 5,000 bytes a second)
    Coalesce(n)                          n chunks in one write
    Cut(at)                              after `at` chunks: FIN in mid-response
    Reset(at)                            after `at` chunks: RST
    Hang(at)                             after `at` chunks: silence until the client leaves
    NoEnd()                              the last chunk is left out: a clean end without a finish reason
    ErrorEvent(at, message=, code=)      the format's own error event in place of chunk `at`; then the stream ends
    BadJson(at), BadUtf8(at)             before chunk `at`: an event that is no JSON / whose text holds an invalid byte
    KeepAlive(every=1)                   a comment line before each `every`-th chunk
    EmptyData(at)                        an event with empty data before chunk `at`
    Bom()                                the body begins with a byte order mark
    Raw(at, data)                        any bytes before chunk `at`
    Compressed(coding)                   gzip, deflate or br, though identity was asked for
    Status(code, times=None, retry_after=None, echo_key=False, message=None)
                                         this status in the format's error shape, for the first `times` requests (None: all);
                                         `echo_key` quotes the key that was sent, as some providers do
    Html(), JsonError(message=)          status 200 with a web page / with a JSON error in place of a stream
    Refuse(times=None)                   the connection is reset before any byte of an answer

**What was seen**
    script.wait_for_connection(timeout=5) -> Connection     each call hands out the next one, in order of arrival
    script.connections, script.requests; provider.connections, provider.requests       all so far
    conn.request          .method, .path, .headers (lower case), .body (bytes), .json
    conn.chunks_sent      chunks handed to the socket before the close was noticed
    conn.chunk_times      when each was: time.monotonic(), in seconds
    conn.bytes_sent       bytes of the body
    conn.closed_at        time.monotonic() at which the server saw the socket close, or closed it; None while it is open
    conn.closed_by        "client", "server" or None (open); "server" too where the client left after the whole answer
    conn.wait_chunks(n, timeout=5), conn.wait_closed(timeout=5) -> closed_at      both raise TimeoutError

`FakeProvider(tls=True)` serves https; `provider.ca_file` is the certificate authority that the client must trust (trustme).
The socket is watched while the server sends, waits and hangs, so that a close in a silent gap is seen at once.

**Gate**: `Gate()` is shut. `gate.open(n=1)` lets n more chunks pass, `gate.open_all()` all the rest; usable from any thread.

    gate = Gate()
    script = provider.script("gap-1", Answer.of(["one ", "two ", "three"]), gate=gate)
    ... start the stream ...
    gate.open(2)                                           # chunks 0 and 1 go out, the server then waits
    script.wait_for_connection().wait_chunks(2)
    ... stop ...
    assert conn.wait_closed() - clicked < 0.25
    assert conn.closed_by == "client" and conn.chunks_sent == 2
"""

from __future__ import annotations

from nbstream.demo.answer import Answer, Call, Piece, Usage
from provider import faults
from provider.gate import Gate
from provider.script import Connection, Recording, Script
from provider.server import FakeProvider

__all__ = ["Answer", "Call", "Connection", "FakeProvider", "Gate", "Piece", "Recording", "Script", "Usage", "faults"]
