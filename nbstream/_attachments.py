"""Images and files that go with a prompt, as parts of a message in OpenAI's words.

Belongs here: reading them, telling what they are by their bytes, refusing what no provider takes. Does not belong here: the
rest of a message (`_messages`), which of these a model takes (the provider says).

A file of text goes as text, which every model reads. Nothing is fetched: an address of an image goes as it is, and the provider
fetches it.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

MOST_BYTES: Final = 20_000_000
"""The size of the largest image or file."""

Part: TypeAlias = dict[str, Any]

_IMAGES: Final = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))
_PIL_MODES: Final = {"1", "I", "L", "LA", "P", "RGB", "RGBA"}  # those that PNG holds


def attached(messages: Sequence[Mapping[str, Any]], images: object, files: object) -> tuple[list[dict[str, Any]], list[str]]:
    """Return `messages` with images and files in the last one, and a name for each to be shown.

    Raises:
        TypeError, ValueError, FileNotFoundError: one of them cannot be read or sent; the last message is not the user's.
    """
    parts: list[Part] = []
    names: list[str] = []
    for kind, given, read in (("images", images, _image), ("files", files, _file)):
        for number, thing in enumerate(_listed(kind, given)):
            part, name = read(thing, f"{kind}[{number}]")
            parts.append(part)
            names.append(name)
    copies = [dict(message) for message in messages]
    if not parts:
        return copies, names
    if copies[-1]["role"] != "user":
        raise ValueError("images and files go with the user's message, and the last one is not; put one at the end")
    content = copies[-1].get("content") or []
    said = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    copies[-1]["content"] = [*said, *parts]
    return copies, names


def _listed(kind: str, given: object) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, str | bytes | os.PathLike) or not isinstance(given, Iterable):
        raise TypeError(f"{kind} is {type(given).__name__}; give a list, even of one")
    return list(given)


def _image(thing: Any, where: str) -> tuple[Part, str]:
    if isinstance(thing, str) and thing.startswith(("http://", "https://", "data:image/")):
        name = "" if thing.startswith("data:") else thing.partition("?")[0].rpartition("/")[2]
        return {"type": "image_url", "image_url": {"url": thing}}, f"image {name}".strip()
    data, name = _bytes(thing, where)
    kind = next((kind for magic, kind in _IMAGES if data.startswith(magic)), None)
    if kind is None and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "webp"
    if kind is None:
        raise ValueError(f"{where} ({name}) is no image that models take; convert it to PNG, JPEG, GIF or WebP")
    return {"type": "image_url", "image_url": {"url": _data_url(f"image/{kind}", data)}}, f"image {name}".strip()


def _file(thing: Any, where: str) -> tuple[Part, str]:
    given = ""
    if isinstance(thing, tuple) and len(thing) == 2 and isinstance(thing[0], str):
        given, thing = thing
    data, name = _bytes(thing, where)
    name = given or name or where
    if data.startswith(b"%PDF-"):
        return {"type": "file", "file": {"filename": name, "file_data": _data_url("application/pdf", data)}}, f"file {name}"
    if (sound := _sound(data)) is not None:
        encoded = base64.b64encode(data).decode()
        return {"type": "input_audio", "input_audio": {"data": encoded, "format": sound}}, f"file {name}"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(
            f"{where} ({name}) is of a type that models do not take; give text in UTF-8, a PDF, WAV or MP3 (images by images=)"
        )
    return {"type": "text", "text": f"File {name}:\n\n{text}"}, f"file {name}"


def _sound(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    return "mp3" if data.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")) else None


def _bytes(thing: Any, where: str) -> tuple[bytes, str]:
    """Return what `thing` holds, and its name where it has one."""
    if isinstance(thing, str | os.PathLike):
        return _read(Path(os.fspath(thing)).expanduser(), where)
    if isinstance(thing, bytes | bytearray | memoryview):
        return _sized(bytes(thing), where), ""
    if callable(getattr(thing, "savefig", None)):  # a figure of matplotlib's
        return _saved(thing.savefig, where, format="png"), "figure"
    if callable(getattr(thing, "save", None)) and hasattr(thing, "mode"):  # an image of PIL's
        image = thing if thing.mode in _PIL_MODES else thing.convert("RGB")
        return _saved(image.save, where, format="PNG"), "picture"
    raise TypeError(
        f"{where} is {type(thing).__name__}; give a path, bytes, "
        + ("an address, a matplotlib figure or a PIL image" if where.startswith("images") else "or a pair of a name and bytes")
    )


def _saved(save: Any, where: str, **arguments: str) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arguments)
    return _sized(buffer.getvalue(), where)


def _read(path: Path, where: str) -> tuple[bytes, str]:
    if not path.exists():
        raise FileNotFoundError(f"{where}: there is no file {path} in {Path.cwd()}")
    if not path.is_file():
        raise ValueError(f"{where}: {path} is no file")
    if path.stat().st_size > MOST_BYTES:
        raise _too_large(where, path.stat().st_size)
    return _sized(path.read_bytes(), where), path.name


def _sized(data: bytes, where: str) -> bytes:
    if not data:
        raise ValueError(f"{where} is empty")
    if len(data) > MOST_BYTES:
        raise _too_large(where, len(data))
    return data


def _too_large(where: str, size: int) -> ValueError:
    return ValueError(f"{where} has {size / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:.0f}; make it smaller")


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
