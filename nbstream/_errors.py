"""The error tree of nbstream, and the masking of secrets in every message.

Belongs here: every exception that nbstream raises or shows, each with a `code` (stable, for programs) and a `hint` (what to do,
for people). Does not belong here: the mapping from a provider's exceptions to these (see `sources/_faults`).

    NbstreamError
    ├── ProtocolError        an illegal event reached the gate (codes: ended, no-section, closed-section, unknown-op, bad-field)
    ├── ProviderError        the provider or the way to it failed
    │   ├── AuthError        no key, a wrong key, no permission
    │   ├── RateLimitError   429; `retry_after` in seconds where the provider said so
    │   ├── RequestError     another 4xx: unknown model, bad parameter, prompt too long
    │   ├── ServerError      5xx and overloads
    │   ├── ConnectionFailed refused, reset, unreachable, cut
    │   └── BadResponse      bytes that are not the format that was promised
    ├── LimitError           one of our own time limits (codes: first_token_timeout, idle_timeout)
    ├── InvalidOutput        the answer is not the JSON that was asked for (codes: no_json, invalid_output; also a ValueError)
    ├── SourceFailed         the user's own iterable raised
    ├── MissingPackage       an optional package is not installed
    ├── StreamStopped        raised in a push-mode producer after Stop
    └── WouldDeadlock        a call would block the very loop that must feed it (also a RuntimeError)
"""

from __future__ import annotations

import re
from functools import cache

MESSAGE_LIMIT = 500
"""The most characters of a cause's own message that are quoted."""

# Keys in running text. Over-masking costs a word, under-masking a key; `keep` is what stays before the key.
_SECRETS = (
    # a block of a private key, also one that was cut or that travels with its line ends escaped
    r"(?P<keep>-----BEGIN\ [A-Z ]{0,40}PRIVATE\ KEY-----) .*? (?=-----END | \Z)",
    # by prefix; the looser prefixes begin ordinary words too (hf_transfer), so the rest must not look like one
    r"""(?P<keep>) (?<![\w-]) (?:
          sk-[\w\-.*]{6,} | [spr]k_(?:live|test)_\w+ | pk-lf-[\w-]+ | github_pat_\w+ | gh[oprsu]_\w{6,} | glpat-[\w-]{6,}
        | xox[abeprs]-[\w-]{6,} | ya29\.[\w-]{6,} | AIza[\w-]{10,} | A[KS]IA[0-9A-Z]{12,} | eyJ[\w-]{8,}\.[\w\-.]+
        | (?: gsk_ | xai- | hf_ | r8_ | pplx- | csk- | fw_ | tgp_ | nvapi- | tvly- ) (?= [\w-]*\d | [a-z0-9]{20} ) [\w-]{6,}
        )""",
    # Authorization: Bearer KEY; a bare KEY there must look like one
    r"""(?P<keep> authorization \\*["']? \s*[:=]\s* \\*["']? (?: bearer | basic | token | key )\s+ ) [^\s"'\\,;]{4,}""",
    r"""(?P<keep> authorization \\*["']? \s*[:=]\s* \\*["']? ) (?= [^\s"'\\,;]*\d ) [^\s"'\\,;]{12,}""",
    r"""(?P<keep> \b bearer\s+ ) (?= [\w\-.~+/=]*\d | [\w\-.~+/=]{20} ) [\w\-.~+/=]{6,}""",
    # a name that says secret, and its value, in code, JSON (escaped or not), a header or the environment
    r"""(?P<keep> (?: api[_-]?key | access[_-]?key | secret[_-]?key | [_-]secret | [_-]token | password | passwd )
          (?: \\*["'] \s*[:=]\s* | \s*[:=]\s* ) (?P<quote> \\*["'] ) ) (?!\[secret\]) [^"'\\]+""",
    r"""(?P<keep> (?: (?: api[_-]?key | access[_-]?key | secret[_-]?key | [_-]secret ) \s*[:=]\s*
                    | (?: \b(?:secret|token) | (?<!first)[_-]token | password | passwd ) = ) )
          (?! (?: none | null | true | false )\b | \[secret\] | ["'\\] ) [^\s"'\\&,;)}\]]{4,}""",
    # prose; a value that was not "provided" must look like a key
    r"""(?P<keep> \b key\ (?: provided | given | passed | used ) :?\s+ ["'`]? ) (?!\[secret\]) [^\s"'`,;]{4,}""",
    r"""(?P<keep> \b key :\s* ["'`]? ) (?= [^\s"'`,;]*\d ) [^\s"'`,;]{8,}""",
    # URLs: credentials before the host, keys in the query
    r"""(?P<keep> :// ) (?: [^/\s:@"']*:[^/\s@"']+ | [^/\s:@"']{16,} ) (?=@)""",
    r"""(?P<keep> [?&] (?: key | sig | [\w-]*(?: signature | credential | token | password | secret ) ) = )
          (?!\[secret\]) [^\s&\#"'<>\\]{4,}""",
)
MASK = "[secret]"


def mask(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Return `text` with every key-like part and each of `secrets` replaced by ``[secret]``.

    `secrets` are values known to be secret (the `api_key` of the call); those under four characters are ignored, because
    masking them would blot out ordinary words.
    """
    for secret in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern in _patterns():
        text = pattern.sub(rf"\g<keep>{MASK}", text)
    return text


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    # Compiled with the first message, because they take longer than the rest of this import.
    return tuple(re.compile(pattern, re.VERBOSE | re.IGNORECASE | re.DOTALL) for pattern in _SECRETS)


def clip(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return `text` cut to `limit` characters, with an ellipsis as the last one where it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


class NbstreamError(Exception):
    """The root of all errors of nbstream.

    Attributes:
        code: a stable word for programs, such as ``rate_limit``.
        hint: a sentence that says what to do; empty where there is nothing to do.
    """

    code: str = "error"
    hint: str = ""

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        if hint is not None:
            self.hint = hint


class ProtocolError(NbstreamError):
    """An event that the transcript must not take. Both folds, Python and TypeScript, use the same codes."""

    code = "protocol"


class ProviderError(NbstreamError):
    """The provider, or the way to it, failed.

    Attributes:
        status: the HTTP status code, None where there was no response.
        retry_after: seconds that the provider asked us to wait, None where it did not.
    """

    code = "provider"
    hint = "Try again; if it fails again, look at the provider's status page."

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether another attempt may help: refused or reset connections, 408, 429 and 5xx; not what would fail alike."""
        if self.code in ("certificate", "timeout"):
            return False
        return isinstance(self, RateLimitError | ServerError | ConnectionFailed) or self.status == 408


class AuthError(ProviderError):
    """No key, a wrong key, or a key without the permission."""

    code = "auth"
    hint = "Set the provider's API key in the kernel's environment, or pass api_key=...; model=\"demo\" needs no key."


class RateLimitError(ProviderError):
    """The provider refused because of too many requests or an exhausted quota (HTTP 429)."""

    code = "rate_limit"
    hint = "Wait a little and retry; if it stays, look at your quota with the provider."


class RequestError(ProviderError):
    """The provider refused the request itself (HTTP 4xx): unknown model, bad parameter, prompt too long."""

    code = "request"
    hint = "Check the model's name and the parameters; LiteLLM model names read provider/model, such as openai/gpt-5."


class ServerError(ProviderError):
    """The provider failed on its side (HTTP 5xx, overload)."""

    code = "server"


class ConnectionFailed(ProviderError):
    """The connection was refused, reset, cut or never made."""

    code = "connection"
    hint = "Check the address (api_base) and the network of the kernel's machine, then retry."


class BadResponse(ProviderError):
    """The response is not the format that was promised."""

    code = "bad_response"
    hint = "Check that api_base points at the API itself; a proxy or a web page may have answered in its place."


class LimitError(NbstreamError):
    """A time limit of ours ended the run: `first_token_timeout` or `idle_timeout`."""

    code = "limit"


class InvalidOutput(NbstreamError, ValueError):
    """The answer is no JSON (`no_json`), or does not fit the model that was asked for (`invalid_output`)."""

    code = "invalid_output"
    hint = "s.content holds the text and s.partial what could be read of it; ask again, or loosen the model."


class SourceFailed(NbstreamError):
    """The iterable, generator or coroutine that was handed over raised an exception."""

    code = "source"
    hint = "Look at the code that produces the stream."


class MissingPackage(NbstreamError):
    """An optional package is needed and not installed."""

    code = "missing_package"


class StreamStopped(NbstreamError):
    """Raised in a push-mode producer when the stream it feeds was stopped."""

    code = "stopped"


class WouldDeadlock(NbstreamError, RuntimeError):
    """A blocking call on the event loop that must feed the stream; use `await` there."""

    code = "would_deadlock"
    hint = "Use `await s` (or `async for`) here in place of s.wait()."
