"""From whatever went wrong with a provider to our error tree.

Belongs here: the mapping of responses, connection faults and library exceptions. Does not belong here: the tree, the masking
and which error a new attempt may cure (`_errors`).

What was seen on the wire (`_watch`) counts more than the exception that arrives: libraries wrap, rename and invent. No
exception is chained to what is returned here, because a provider's exception may hold the key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from nbstream._errors import (
    AuthError,
    BadResponse,
    ConnectionFailed,
    MissingPackage,
    NbstreamError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
    clip,
    mask,
)
from nbstream.sources._watch import Watch

_PREFIX: Final = re.compile(r"^\s*(?:litellm\.)?[\w.]*(?:Error|Exception)\b\s*[:\-]\s*|^litellm\.\w+:\s*")
_KEY_WORDS: Final = re.compile(r"(?i)api[ _-]?key|credential|unauthori[sz]ed|authenticat")
_OVERLOAD: Final = re.compile(r"(?i)overload|unavailable|internal|server_error|api_error|timeout|capacity")
_RATE: Final = re.compile(r"(?i)rate.?limit|quota|resource_exhausted|too.?many")
_NO_MODULE: Final = re.compile(r"No module named '(\w+)")
_MODEL_HINT: Final = "LiteLLM model names read provider/model, such as openai/gpt-5 or anthropic/claude-sonnet-4-5."
_TLS_HINT: Final = "The server's certificate is not trusted here; set SSL_CERT_FILE to your organisation's certificates."


def connection(error: Exception, host: str) -> ProviderError:
    """Return the fault of a request to `host` that got no response."""
    said = _said(error)
    kind = type(error).__name__
    if kind == "UnsupportedProtocol":
        return RequestError(said, hint='Give api_base with its scheme, such as "https://host/v1".')
    if kind == "LocalProtocolError":
        return AuthError("A header of the request is illegal.", hint="Look for line breaks or blanks in the API key.")
    if "CERTIFICATE" in said.upper():
        return ConnectionFailed(f"No secure connection to {host}: {said}", code="certificate", hint=_TLS_HINT)
    if kind in ("ConnectError", "ConnectTimeout", "ProxyError"):
        return ConnectionFailed(f"Could not connect to {host}: {said or 'refused or unreachable'}")
    return ConnectionFailed(f"The connection to {host} was lost before it answered: {said or kind}")


def cut(error: Exception, host: str, received: int) -> ProviderError:
    """Return the fault of a body that broke off after `received` bytes."""
    if type(error).__name__ == "DecodingError":
        return BadResponse(f"The compressed answer of {host} cannot be read: {_said(error)}")
    return ConnectionFailed(
        f"The connection to {host} was cut after {received} bytes of the answer: {_said(error) or type(error).__name__}",
        hint="The partial answer is kept; retry to get a whole one.",
    )


def undecoded(response: Any, known: str) -> ProviderError | None:
    """Return the error of a body that a client which decodes the `known` codings would hand on as it came."""
    codings = [coding.strip().lower() for coding in response.headers.get("content-encoding", "").split(",")]
    strange = [coding for coding in codings if coding not in ("", "identity") and coding not in known]
    if not strange:
        return None
    package = {"br": "httpx[brotli]", "zstd": "httpx[zstd]"}.get(strange[0])
    return BadResponse(
        f"The server compressed the stream with {strange[0][:40]}, which it was asked not to do.",
        hint=f"Install {package}, which decodes it." if package else "Have the server, or the proxy before it, leave it alone.",
    )


def malformed(what: str) -> ProviderError:
    """Return the fault of a stream that holds `what`."""
    return BadResponse(f"The stream holds {what}", hint="The partial answer is kept; the provider or a proxy sent broken data.")


def not_a_stream(watch: Watch) -> ProviderError:
    """Return the fault of a good status with a body that is no stream."""
    kind = watch.content_type.partition(";")[0] or "an unknown content type"
    words = _reason(watch.body) if watch.body.lstrip().startswith((b"{", b"[")) else ""
    return BadResponse(
        f"The server answered with {kind} in place of a stream" + (f": {words}" if words else "."),
        status=watch.status,
    )


def complaint(watch: Watch) -> ProviderError:
    """Return the error that the provider sent as an event of its stream."""
    return reported(watch.complaint or {})


def reported(said: Mapping[str, Any]) -> ProviderError:
    """Return the error that an error object of a provider's stream stands for."""
    words = f"{said.get('type', '')} {said.get('code', '')} {said.get('status', '')}"
    text = str(said.get("message") or said.get("type") or said.get("code") or "no reason given")
    code = said.get("code")
    message = f"The provider broke off: {text}"
    if isinstance(code, int) and 400 <= code < 600:
        return by_status(code, message)
    if _RATE.search(words):
        return RateLimitError(message)
    if _OVERLOAD.search(words):
        return ServerError(message)
    if _KEY_WORDS.search(words) or "permission_error" in words:
        return AuthError(message)
    if "invalid_request" in words or "not_found" in words:
        return RequestError(message)
    return ProviderError(message)


def by_status(status: int, message: str, retry_after: float | None = None) -> ProviderError:
    """Return the error that the HTTP `status` stands for."""
    kind: type[ProviderError] = ProviderError
    hint = None
    if status in (401, 403) or (status == 400 and re.search(r"(?i)api.?key.{0,12}(not valid|invalid|expired)", message)):
        kind = AuthError
    elif status == 429:
        kind = RateLimitError
    elif status == 404:
        kind, hint = RequestError, f"The model, or the path in api_base, does not exist there. {_MODEL_HINT}"
    elif status == 402:
        kind, hint = RequestError, "Look at your credit with the provider."
    elif 400 <= status < 500:
        kind = RequestError
    elif status >= 500:
        kind = ServerError
    return kind(message, hint=hint, status=status, retry_after=retry_after)


def refusal(watch: Watch, provider: str) -> ProviderError:
    """Return the error of the refusal (status 400 and above) that `watch` noted."""
    words = _reason(watch.body)
    message = f"{provider or 'The provider'} answered {watch.status}" + (f": {words}" if words else ".")
    return by_status(watch.status, message, watch.retry_after)


def translate(error: BaseException, watch: Watch, provider: str) -> NbstreamError:
    """Return what `error`, raised by a client library, means in our tree, its message not yet masked."""
    if watch.fault is not None:
        return watch.fault
    if watch.status >= 400:
        return refusal(watch, provider)
    if watch.complaint is not None:
        return complaint(watch)
    if watch.body:
        return not_a_stream(watch)
    while (inner := getattr(error, "original_exception", None)) is not None:  # litellm's MidStreamFallbackError
        error = inner
    return error if isinstance(error, NbstreamError) else _by_class(error, watch)


def _by_class(error: BaseException, watch: Watch) -> NbstreamError:
    """The meaning of an exception of which the wire showed nothing: it is local, or its library bypassed our transport."""
    names = {c.__name__ for c in type(error).__mro__}
    said = _said(error)
    status = getattr(error, "status_code", None)
    missing = _NO_MODULE.search(said)
    if isinstance(error, ImportError) or missing:
        package = missing[1] if missing else ""
        return MissingPackage(said, hint=f"pip install {package}" if package else "Install the package that it names.")
    if "LLM Provider NOT provided" in said:
        return RequestError("The model's name does not tell its provider.", hint=_MODEL_HINT)
    if "AuthenticationError" in names or (not watch.requests and _KEY_WORDS.search(said)):
        return AuthError(said, status=status if watch.requests else None)
    if names & {"UnsupportedParamsError"}:
        return RequestError(said, hint="Leave the parameter out, or pass drop_params=True.")
    if watch.streamed or names & {"UnicodeDecodeError", "JSONDecodeError"}:
        return BadResponse(f"The stream cannot be read: {said}", status=watch.status or None)
    if names & {"Timeout", "APITimeoutError", "TimeoutException", "TimeoutError"}:
        return ConnectionFailed(said or "The library's own time limit ran out.", code="timeout")
    if names & {"APIConnectionError", "TransportError", "ClientError", "ConnectionError"} and not isinstance(status, str):
        return ConnectionFailed(said) if watch.requests or "onnect" in said else RequestError(said)
    if isinstance(status, int) and status >= 400 and "InternalServerError" not in names:
        return by_status(status, said, retry_after(getattr(getattr(error, "response", None), "headers", None) or {}))
    if isinstance(error, TypeError | ValueError | KeyError | AttributeError) and not watch.requests:
        return RequestError(f"{type(error).__name__}: {said}")
    return ServerError(said) if names & {"InternalServerError", "ServiceUnavailableError"} else ProviderError(said)


def tidy(error: NbstreamError, secrets: tuple[str, ...], missing: tuple[str, ...] = ()) -> NbstreamError:
    """Mask and clip the message of `error`; an `AuthError` names the environment variables that are `missing`."""
    error.args = (clip(mask(str(error), secrets)),)
    if isinstance(error, AuthError) and missing and "hint" not in vars(error):
        names = " and ".join(missing)
        error.hint = f'Set {names} in the environment of the kernel, or pass api_key=...; model="demo" needs no key.'
    return error.with_traceback(None)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `headers` ask to wait, None where they do not."""
    try:
        if text := headers.get("retry-after-ms"):
            return max(0.0, float(text) / 1000)
        text = headers.get("retry-after") or ""
        if re.fullmatch(r"\s*\d+(\.\d+)?\s*", text):
            return float(text)
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()) if text else None
    except (ValueError, TypeError):  # neither seconds nor a date
        return None


def _said(error: BaseException) -> str:
    """The message of `error` without the names of the classes that wrapped it."""
    text = str(error).partition("\nTraceback (most recent call last)")[0]  # litellm writes them into messages
    while (match := _PREFIX.match(text)) and match.end() < len(text):
        text = text[match.end() :]
    return text.strip()


def _reason(body: bytes) -> str:
    """The reason in the body of a refusal: the message of its JSON, else its words without markup."""
    text = body.decode("utf-8", "replace").strip()
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return " ".join(re.sub(r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", text).split())
    if isinstance(value, list) and value:
        value = value[0]
    for name in ("error", "message", "detail"):
        if isinstance(value, dict) and value.get(name):
            value = value[name]
    return value if isinstance(value, str) else json.dumps(value)
