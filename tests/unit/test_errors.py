"""The error tree, and the masking of secrets: every shape in which a key was seen to leak, and the prose that must stay."""

from __future__ import annotations

import re

import pytest

from nbstream import _errors
from nbstream._errors import MASK, MESSAGE_LIMIT, NbstreamError, ProviderError, clip, mask

OPENAI = "sk-proj-Ab3dEf6hIj9kLmNoPqRsTuVwXyZ0123456789_-abc"
LONG = "b7f4c1d2e3a49586970f1e2d3c4b5a69"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

# (text, what must not be left of it)
LEAKS = [
    (f"Incorrect API key provided: {OPENAI}. You can find your key at the console.", OPENAI),
    ("Incorrect API key provided: my-own-key. You can find", "my-own-key"),
    ("Incorrect API key provided: sk-ab****************wxyz.", "sk-ab****************wxyz"),
    ("key sk-1234567890 refused", "sk-1234567890"),
    ("key sk-ant-api03-Zz9_-Yy8xWw7 refused", "sk-ant-api03-Zz9_-Yy8xWw7"),
    ("key sk-or-v1-0123456789abcdef refused", "sk-or-v1-0123456789abcdef"),
    ("key sk_live_51Habcdefg refused", "sk_live_51Habcdefg"),
    ("key pk-lf-1234-5678 refused", "pk-lf-1234-5678"),
    ("key gsk_abcDEF123456 refused", "gsk_abcDEF123456"),
    ("key xai-abcDEF123456 refused", "xai-abcDEF123456"),
    ("key hf_abcDEF123456 refused", "hf_abcDEF123456"),
    ("key hf_AbcdEfghIjklMnopQrstUvwx refused", "hf_AbcdEfghIjklMnopQrstUvwx"),
    ("key r8_abcDEF123456 refused", "r8_abcDEF123456"),
    ("key pplx-abcDEF123456 refused", "pplx-abcDEF123456"),
    ("key csk-abcDEF123456 refused", "csk-abcDEF123456"),
    ("key fw_abcDEF123456 refused", "fw_abcDEF123456"),
    ("key tgp_v1_abcDEF123456 refused", "tgp_v1_abcDEF123456"),
    ("key nvapi-abcDEF-123456 refused", "nvapi-abcDEF-123456"),
    ("token ghp_abcDEF123456 refused", "ghp_abcDEF123456"),
    ("token github_pat_11ABC_def456 refused", "github_pat_11ABC_def456"),
    ("token glpat-abcDEF123456 refused", "glpat-abcDEF123456"),
    ("token xoxb-123456-abcdef refused", "xoxb-123456-abcdef"),
    ("token ya29.a0AfH6SMBabc refused", "ya29.a0AfH6SMBabc"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuvw is not valid", "AIzaSyA1234567890abcdefghijklmnopqrstuvw"),
    ("credential AKIAIOSFODNN7EXAMPLE is unknown", "AKIAIOSFODNN7EXAMPLE"),
    ("credential ASIAIOSFODNN7EXAMPLE is unknown", "ASIAIOSFODNN7EXAMPLE"),
    (f"jwt {JWT} expired", JWT),
    ("Authorization: Bearer opensesame", "opensesame"),
    ("headers: {'authorization': 'Bearer opensesame', 'accept': '*/*'}", "opensesame"),
    ('{"Authorization": "Basic dXNlcjpwYXNz"}', "dXNlcjpwYXNz"),
    (f"Authorization: {LONG}", LONG),
    (f"sent bearer {LONG} to the host", LONG),
    ("api_key=opensesame is wrong", "opensesame"),
    ("apikey=opensesame", "opensesame"),
    ("api-key: opensesame", "opensesame"),
    ("x-api-key: opensesame", "opensesame"),
    ("X-Goog-Api-Key: opensesame", "opensesame"),
    ("OPENAI_API_KEY=opensesame", "opensesame"),
    ("export OPENAI_API_KEY='open sesame'", "open sesame"),
    ('{"api_key": "opensesame", "model": "m"}', "opensesame"),
    ('{"api_key":"open sesame"}', "open sesame"),
    (r'body: "{\"api_key\": \"opensesame\"}"', "opensesame"),
    ("completion(model='m', api_key='opensesame')", "opensesame"),
    (f"the API key: {LONG} was refused", LONG),
    ("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI/K7MDENG"),
    ('{"access_token": "opensesame"}', "opensesame"),
    ("client_secret=opensesame", "opensesame"),
    ("password=opensesame", "opensesame"),
    ('{"password": "opensesame"}', "opensesame"),
    ("https://ann:opensesame@proxy.example/v1", "opensesame"),
    ("proxy http://:opensesame@proxy.example:3128 refused", "opensesame"),
    (f"https://{LONG}@errors.example/1", LONG),
    ("POST https://api.example/v1beta/m:stream?key=opensesame&alt=sse failed", "opensesame"),
    ("GET https://api.example/v1?alt=sse&api-version=1&token=opensesame", "opensesame"),
    ("GET https://s3.example/o?X-Amz-Signature=0a1b2c3d", "0a1b2c3d"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----", "MIIEow"),
    (r'"private_key": "-----BEGIN PRIVATE KEY-----\nMIIEow\nIBAAKC', "IBAAKC"),
]

PROSE = [
    "The api_key client option must be set either by passing api_key or by setting the OPENAI_API_KEY variable",
    "API key not valid. Please pass a valid API key.",
    "Missing API key: please set ANTHROPIC_API_KEY",
    "Missing API key: VERTEX_SERVICE_ACCOUNT_KEY",
    "invalid x-api-key",
    "api_key=None was given",
    '{"api_key": null, "stream": true}',
    "Set the provider's API key in the kernel's environment, or pass api_key=...; model=\"demo\" needs no key.",
    "This model's maximum context length is 8192 tokens, max_tokens=4096, prompt_tokens: 5000",
    '{"usage": {"prompt_tokens": 12345, "completion_tokens": 67890}}',
    'JSON error: unexpected token: "something" at position 12',
    "Use a bearer token in the header; bearer authentication is required",
    'WWW-Authenticate: Bearer realm="api"',
    "The authorization header is missing; authorization: required",
    "pip install hf_transfer, then hf_hub_download(); sk-learn, sk-SK, xai-org",
    "see https://docs.example:8080/a@b?page=2&keyword=monkey",
    "ann@example.org wrote to http://127.0.0.1:8080/v1/chat/completions",
    "model 'openai/gpt-5-2025-08-07' does not exist or you do not have access to it",
    "request id req_011CSHoEeqs5C35K2UUqR7Fy, trace 4bf92f3577b34da6",
    "The key question: whether a password is a secret at all. Keyboard: monkey",
    "connection to 127.0.0.1:9 refused",
    "no first piece within Timeout(first_token=120.0, idle=60.0)",
]


@pytest.mark.parametrize(("text", "secret"), LEAKS)
def test_a_key_is_masked_in_every_shape(text: str, secret: str) -> None:
    masked = mask(text)
    assert secret not in masked
    assert MASK in masked


@pytest.mark.parametrize(("text", "secret"), LEAKS)
def test_what_surrounds_a_key_stays_readable(text: str, secret: str) -> None:
    words = re.findall(r"[A-Za-z]{3,}", text.split(secret)[0])
    assert [word for word in words[:2] if word.lower() not in mask(text).lower()] in ([], ["BEGIN", "RSA"], ["ann"])


@pytest.mark.parametrize("text", PROSE)
def test_ordinary_prose_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("text", [text for text, _ in LEAKS])
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def test_a_known_secret_is_masked_without_any_sign_that_it_is_one() -> None:
    assert mask("it knows opensesame and opensesame2", ("opensesame", "opensesame2")) == f"it knows {MASK} and {MASK}"
    assert mask("four: abcd", ("abcd",)) == f"four: {MASK}"


def test_a_known_secret_of_three_characters_would_blot_out_words() -> None:
    assert mask("a cat in a catalogue", ("cat", "")) == "a cat in a catalogue"


def test_masking_a_long_hostile_text_ends() -> None:
    pieces = [
        "a-",
        "sk-",
        "api_key",
        "Bearer ",
        "://a:",
        "eyJ.",
        "?key=",
        '"',
        "key: ",
        "authorization",
        "-----BEGIN PRIVATE KEY-----",
    ]
    for piece in pieces:
        mask(piece * (20_000 // len(piece)))


def test_clip_keeps_what_fits_and_marks_what_was_cut() -> None:
    assert clip("x" * MESSAGE_LIMIT) == "x" * MESSAGE_LIMIT
    assert clip("x" * (MESSAGE_LIMIT + 1)) == "x" * (MESSAGE_LIMIT - 1) + "…"
    assert clip("abcdef", 3) == "ab…"


def every_error() -> list[type[NbstreamError]]:
    found, todo = [], [NbstreamError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo += kind.__subclasses__()
    return [kind for kind in found if kind.__module__ == _errors.__name__]


def test_every_error_has_its_own_code() -> None:
    codes = [kind.code for kind in every_error()]
    assert len(set(codes)) == len(codes) == 15
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


def test_the_tree_is_drawn_in_the_docstring() -> None:
    drawn = re.findall(r"[├└]── (\w+)", _errors.__doc__ or "")
    assert sorted(drawn) == sorted(kind.__name__ for kind in every_error() if kind is not NbstreamError)


def test_code_and_hint_of_one_error_do_not_change_its_class() -> None:
    error = ProviderError("gone", code="other", hint="Do this.", status=503, retry_after=1.5)
    assert (error.code, error.hint, error.status, error.retry_after, str(error)) == ("other", "Do this.", 503, 1.5, "gone")
    assert ProviderError("gone").code == "provider"
    assert ProviderError("gone").hint == ProviderError.hint != ""
