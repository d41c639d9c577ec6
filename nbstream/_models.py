"""Which models can be called from here: `nb.models`.

Belongs here: the variables that hold providers' keys, a local Ollama. Does not belong here: calls (`_api`), the values of keys,
which are never read beyond whether they are there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

OLLAMA: Final = "http://localhost:11434"
SECONDS: Final = 1.0
"""How long a local Ollama may take to answer."""
_MOST_BYTES: Final = 1_000_000

_AWS: Final = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_PROFILE",),
    ("AWS_WEB_IDENTITY_TOKEN_FILE",),
    ("AWS_ROLE_ARN",),
)
_PROVIDERS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "openai": (("OPENAI_API_KEY",),),
    "anthropic": (("ANTHROPIC_API_KEY",), ("ANTHROPIC_AUTH_TOKEN",)),
    "gemini": (("GEMINI_API_KEY",), ("GOOGLE_API_KEY",)),
    "vertex_ai": (("VERTEXAI_PROJECT", "VERTEXAI_LOCATION"),),
    "azure": (("AZURE_API_KEY", "AZURE_API_BASE", "AZURE_API_VERSION"),),
    "bedrock": _AWS,
    "ai21": (("AI21_API_KEY",),),
    "cerebras": (("CEREBRAS_API_KEY",),),
    "cohere_chat": (("COHERE_API_KEY",),),
    "dashscope": (("DASHSCOPE_API_KEY",),),
    "deepinfra": (("DEEPINFRA_API_KEY",),),
    "deepseek": (("DEEPSEEK_API_KEY",),),
    "fireworks_ai": (("FIREWORKS_AI_API_KEY",), ("FIREWORKS_API_KEY",)),
    "groq": (("GROQ_API_KEY",),),
    "huggingface": (("HUGGINGFACE_API_KEY",), ("HF_TOKEN",)),
    "mistral": (("MISTRAL_API_KEY",),),
    "moonshot": (("MOONSHOT_API_KEY",),),
    "nebius": (("NEBIUS_API_KEY",),),
    "novita": (("NOVITA_API_KEY",),),
    "nvidia_nim": (("NVIDIA_NIM_API_KEY",),),
    "openrouter": (("OPENROUTER_API_KEY",),),
    "perplexity": (("PERPLEXITYAI_API_KEY",), ("PERPLEXITY_API_KEY",)),
    "replicate": (("REPLICATE_API_KEY",),),
    "sambanova": (("SAMBANOVA_API_KEY",),),
    "together_ai": (("TOGETHERAI_API_KEY",), ("TOGETHER_API_KEY",)),
    "vercel_ai_gateway": (("VERCEL_AI_GATEWAY_API_KEY",),),
    "xai": (("XAI_API_KEY",),),
}
"""By the word that begins the names of its models: the variables that a call needs, one set of them or another."""


@dataclass(frozen=True, slots=True)
class Access:
    """A provider whose models can be called.

    Attributes:
        provider: the word that begins the names of its models: `model="openai/…"`.
        keys: the names of the environment's variables that hold the access; never their values.
        models: the full names, where they are known without asking: the demo's, and those of a local Ollama.
    """

    provider: str
    keys: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


def models(*, ollama: bool | str = False) -> list[Access]:
    """Return the providers that can be called from here, the demo first.

    Nothing is asked of anybody: that a key is there does not say that it is valid.

    Args:
        ollama: ask a local Ollama for its models, for at most a second: True at `OLLAMA_API_BASE` or its usual place, or the
            address. Where none answers, none is listed.

    Raises:
        TypeError, ValueError: `ollama` is no address.

    >>> models()[0]
    Access(provider='demo', keys=(), models=('demo',))
    """
    found = [Access("demo", models=("demo",)), *_with_keys()]
    if ollama is not False:
        address = os.environ.get("OLLAMA_API_BASE") or OLLAMA if ollama is True else ollama
        if names := _ollama(address):
            found.append(Access("ollama_chat", models=names))
    return found


def _with_keys() -> Iterator[Access]:
    for provider, ways in _PROVIDERS.items():
        for names in ways:
            if all(os.environ.get(name, "").strip() for name in names):
                yield Access(provider, names)
                break


def _ollama(address: str) -> tuple[str, ...]:
    if not isinstance(address, str):
        raise TypeError(f"ollama is {type(address).__name__}; give True, or an address such as {OLLAMA!r}")
    place = urlsplit(address)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise ValueError(f"ollama is {address!r}; give an address such as {OLLAMA!r}")
    make = HTTPConnection if place.scheme == "http" else HTTPSConnection
    connection = make(place.hostname, place.port, timeout=SECONDS)
    try:
        connection.request("GET", f"{place.path.rstrip('/')}/api/tags")
        told = json.loads(connection.getresponse().read(_MOST_BYTES))
        return tuple(f"ollama_chat/{model['name']}" for model in told["models"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return ()  # nobody there, or somebody else: there is no Ollama to list
    finally:
        connection.close()
