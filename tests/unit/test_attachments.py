"""Images and files that go with a prompt: told apart by their bytes, refused where no model takes them."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import nbstream as nb
from nbstream import _attachments
from nbstream._messages import messages_of


def picture(kind: str, mode: str = "RGB") -> bytes:
    """A picture of one colour."""
    buffer = io.BytesIO()
    Image.new(mode, (4, 4)).save(buffer, format=kind)
    return buffer.getvalue()


def parts(**arguments: Any) -> list[dict[str, Any]]:
    """The parts of the message that the prompt "Look" and `arguments` become, but for the first."""
    messages, _ = messages_of("Look", None, **arguments)
    first, *rest = messages[-1]["content"]
    assert first == {"type": "text", "text": "Look"}
    return rest


def decoded(url: str) -> tuple[str, bytes]:
    """Media type and bytes of a data URL."""
    head, _, data = url.partition(",")
    return head.removeprefix("data:").removesuffix(";base64"), base64.b64decode(data, validate=True)


class Figure:
    """Something that is saved as a matplotlib figure is."""

    def savefig(self, target: Any, *, format: str) -> None:  # noqa: A002  # reason: matplotlib calls it so
        target.write(picture(format.upper()))


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
def test_an_image_is_known_by_its_bytes_from_memory_or_a_file(kind: str, tmp_path: Path) -> None:
    data = picture(kind.upper())
    path = tmp_path / "misnamed.bin"
    path.write_bytes(data)
    for image in (data, bytearray(data), path, str(path)):
        (part,) = parts(images=[image])
        assert part["type"] == "image_url"
        assert decoded(part["image_url"]["url"]) == (f"image/{kind}", data)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "F"])
def test_a_pil_image_goes_as_png(mode: str) -> None:
    (part,) = parts(images=[Image.new(mode, (3, 5))])
    media_type, data = decoded(part["image_url"]["url"])
    assert media_type == "image/png"
    assert Image.open(io.BytesIO(data)).size == (3, 5)


def test_a_figure_goes_as_png() -> None:
    (part,) = parts(images=[Figure()])
    assert decoded(part["image_url"]["url"]) == ("image/png", picture("PNG"))


@pytest.mark.parametrize("url", ["https://example.org/cat.png?size=9", "data:image/png;base64,AAAA"])
def test_an_address_goes_as_it_is(url: str) -> None:
    assert parts(images=[url]) == [{"type": "image_url", "image_url": {"url": url}}]


def test_files_go_as_what_they_are(tmp_path: Path) -> None:
    text, pdf = tmp_path / "data.csv", tmp_path / "paper.pdf"
    text.write_text("a,b\n1,é\n", "utf-8-sig")
    pdf.write_bytes(b"%PDF-1.7 ...")
    sound = b"RIFF\0\0\0\0WAVEfmt "
    first, second, third, fourth = parts(files=[text, str(pdf), ("a.wav", sound), ("notes.md", b"# Notes")])
    assert first == {"type": "text", "text": "File data.csv:\n\na,b\n1,é\n"}
    assert second["file"]["filename"] == "paper.pdf"
    assert decoded(second["file"]["file_data"]) == ("application/pdf", b"%PDF-1.7 ...")
    assert third == {"type": "input_audio", "input_audio": {"data": base64.b64encode(sound).decode(), "format": "wav"}}
    assert fourth == {"type": "text", "text": "File notes.md:\n\n# Notes"}


def test_they_join_the_last_message_and_the_callers_messages_stay_as_they_are() -> None:
    given = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": [{"type": "text", "text": "Look"}]},
    ]
    messages, shown = messages_of(given, None, images=["https://example.org/a/cat.png?x=1"], files=[("x.txt", b"x")])
    assert [part["type"] for part in messages[-1]["content"]] == ["text", "image_url", "text"]
    assert shown == "Look\n[image cat.png]\n[file x.txt]"
    assert len(given[-1]["content"]) == 1
    assert messages_of(messages, None)[1].startswith("Look\n[image]\n")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"images": ["missing.png"]}, FileNotFoundError, r"images\[0\]: there is no file missing\.png"),
        ({"files": [Path("missing.txt")]}, FileNotFoundError, r"files\[0\]: there is no file"),
        ({"files": ["."]}, ValueError, "is no file"),
        ({"images": [b"BM123"]}, ValueError, "convert it to PNG, JPEG, GIF or WebP"),
        ({"images": [b""]}, ValueError, r"images\[0\] is empty"),
        ({"files": [b"\xff\xfe\0\0"]}, ValueError, "give text in UTF-8, a PDF, WAV or MP3"),
        ({"files": [("x.bin", b"a\0b")]}, ValueError, r"files\[0\] \(x\.bin\)|of a type that models do not take"),
        ({"images": [3]}, TypeError, r"images\[0\] is int; give a path, bytes, an address, a matplotlib figure or a PIL image"),
        ({"files": [None]}, TypeError, "or a pair of a name and bytes"),
        ({"images": "cat.png"}, TypeError, "images is str; give a list"),
        ({"files": 3}, TypeError, "files is int; give a list"),
    ],
)
def test_what_cannot_be_sent_is_refused_at_once(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nb.stream("Look", **arguments)


def test_what_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(_attachments.MOST_BYTES + 1)
    for files in ([path], [b"x" * (_attachments.MOST_BYTES + 1)]):
        with pytest.raises(ValueError, match=r"files\[0\] has 20\.0 MB, more than 20; make it smaller"):
            nb.stream("Look", files=files)


def test_images_need_a_message_of_the_users() -> None:
    with pytest.raises(ValueError, match="go with the user's message"):
        nb.stream([{"role": "assistant", "content": "x"}], images=["https://example.org/x.png"])
