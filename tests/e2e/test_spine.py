"""The spine: from a provider's HTTP stream to pixels in JupyterLab, as a person sees it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, expect

from e2e.harness import HOSTS, Host, Lab, Notebook
from provider import Answer, Call, FakeProvider, Gate, Usage

WORDS = [f"word{i} " for i in range(40)]
ARGUMENTS = ['{"ci', 'ty": "Os', 'lo", "da', 'ys": 3}']


def cell(provider: FakeProvider, model: str, extra: str = "") -> str:
    """Code that streams `model` from `provider`."""
    base = provider.base("openai")
    return f"import nbstream as nb\ns = nb.stream('Tell me', model='openai/{model}', api_base='{base}', api_key='key'{extra})"


def body(view: Locator, kind: str) -> Locator:
    """The element of `view` that holds exactly the text of its section of `kind` (with render="text")."""
    return view.locator(f"[data-kind='{kind}'] [data-part='body']")


def ended(view: Locator, status: str = "done") -> Locator:
    """Wait until `view` shows `status`."""
    expect(view).to_have_attribute("data-status", status, timeout=30_000)
    return view


@pytest.mark.parametrize("host", HOSTS)
def test_thinking_content_and_a_tool_call_are_shown_as_they_arrive(lab: Lab, provider: FakeProvider, host: Host) -> None:
    model, gate = f"grow-{host}", Gate()
    answer = Answer.of(
        WORDS, thinking=["Let ", "me ", "see."], calls=[Call("call_1", "get_weather", ARGUMENTS)], usage=Usage(12, 34)
    )
    script = provider.script(model, answer, gate=gate)
    notebook = lab.open(cell(provider, model, ", render='text'"), host=host)
    notebook.run(0)
    conn = script.wait_for_connection(timeout=60)
    view = notebook.view(0)
    expect(view.get_by_role("status")).to_contain_text("Waiting")

    gate.open(3)
    expect(body(view, "thinking")).to_have_text("Let me see.")
    shown: list[str] = []
    for count in range(1, len(WORDS) + 1):
        gate.open(1)
        if count % 4 == 0:
            expect(body(view, "content")).to_have_text("".join(WORDS[:count]).strip())
            shown.append(body(view, "content").text_content() or "")
    assert len(set(shown)) == 10
    assert conn.closed_at is None, "the server is still sending"

    gate.open(1)
    expect(view.get_by_role("group", name="Tool call get_weather")).to_be_visible()
    arguments = view.locator("[data-kind='tool']")
    for count in range(1, len(ARGUMENTS) + 1):
        gate.open(1)
        expect(arguments).to_contain_text("".join(ARGUMENTS[:count]))
    gate.open_all()
    ended(view)
    assert body(view, "content").text_content() == notebook.value("s.content") == "".join(WORDS)
    assert notebook.value("[s.tool_calls[0].name, s.tool_calls[0].parsed]") == ["get_weather", json.loads("".join(ARGUMENTS))]
    assert notebook.value("[s.status, s.finish_reason, s.usage.output_tokens]") == ["done", "tool_calls", 34]
    assert notebook.value("s._view.mismatches") == 0


def test_the_call_returns_at_once_and_the_shell_stays_free(lab: Lab, provider: FakeProvider) -> None:
    gate = Gate()
    provider.script("free-1", Answer.of(WORDS), gate=gate)
    notebook = lab.open(cell(provider, "free-1"), "print(6 * 7)", shared=True)
    notebook.run(0, wait=True)
    notebook.run(1, wait=True)
    expect(notebook.output(1)).to_contain_text("42")
    assert notebook.value("s.status") in ("submitted", "streaming")
    gate.open_all()
    ended(notebook.view(0))


def test_the_handle_as_last_expression_shows_nothing_more_and_display_elsewhere_is_a_second_view(
    lab: Lab, provider: FakeProvider
) -> None:
    gate = Gate()
    provider.script("twice-1", Answer.of(WORDS), gate=gate)
    notebook = lab.open(cell(provider, "twice-1", ", render='text'") + "\ns", "display(s)", shared=True)
    notebook.run(0, wait=True)
    notebook.run(1, wait=True)
    gate.open(20)
    for index in (0, 1):
        expect(body(notebook.view(index), "content")).to_have_text("".join(WORDS[:20]).strip(), timeout=30_000)
        assert notebook.view(index).count() == 1
    gate.open_all()
    assert [body(ended(notebook.view(i)), "content").text_content() for i in (0, 1)] == ["".join(WORDS)] * 2


def test_the_demo_streams_without_a_key_and_says_that_it_is_scripted(lab: Lab) -> None:
    notebook = lab.open("import nbstream as nb\ns = nb.stream('Why is the sky blue?')", shared=True)
    notebook.run(0)
    view = notebook.view(0)
    expect(view.get_by_role("group", name="Thinking")).to_be_visible(timeout=30_000)
    ended(view)
    assert len(notebook.value("s.content")) >= 300
    assert notebook.value("s.usage.output_tokens") > 0
    expect(view).to_contain_text("scripted")
    expect(view).to_contain_text("model=")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("nb.stream('Hi', model='openai/gpt-5')", "OPENAI_API_KEY"),
        ("nb.stream('Hi', model='no-such-model-anywhere')", "provider/model"),
        ("nb.stream('Hi', model='openai/x', api_base='http://127.0.0.1:9/v1', api_key='sk-verysecretkey123')", "api_base"),
    ],
)
def test_a_failing_call_ends_in_an_error_that_says_what_to_do(lab: Lab, code: str, says: str) -> None:
    notebook = lab.open("import os\nos.environ.pop('OPENAI_API_KEY', None)\nimport nbstream as nb\ns = " + code, shared=True)
    notebook.run(0)
    view = ended(notebook.view(0), "error")
    group = view.get_by_role("group", name="Error")
    expect(group).to_contain_text(says)
    expect(view.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    notebook.save()
    assert "sk-verysecretkey123" not in json.dumps(notebook.file()["cells"][0]["outputs"])


def test_a_wrong_prompt_raises_in_the_cell(lab: Lab) -> None:
    notebook = lab.open("import nbstream as nb\nnb.stream(3)", shared=True)
    notebook.run(0, wait=True)
    expect(notebook.output(0)).to_contain_text("give a string or a list of messages")
    assert notebook.view(0).count() == 0


def assert_readable(notebook: Notebook, text: str) -> None:
    """The output of cell 0 shows `text` and no complaint of a widget manager."""
    output = notebook.output(0)
    expect(output).to_contain_text(text, timeout=30_000)
    for complaint in ("model not found", "Error displaying widget", "Loading widget"):
        expect(output).not_to_contain_text(complaint)


@pytest.mark.parametrize("kernel", ["same", "none"])
@pytest.mark.parametrize("trusted", [True, False])
def test_a_reopened_notebook_is_readable(lab: Lab, provider: FakeProvider, kernel: str, trusted: bool) -> None:
    model = f"reopen-{kernel}-{trusted}"
    provider.script(model, Answer.of("The **answer** stays.", thinking="Hm.", calls=[Call("c", "f", '{"x": 1}')]))
    notebook = lab.open(cell(provider, model))
    notebook.run(0)
    ended(notebook.view(0))
    notebook.save()
    (output,) = notebook.file()["cells"][0]["outputs"]
    assert set(output["data"]) == {"text/html", "text/plain"}
    assert "The **answer** stays." in "".join(output["data"]["text/plain"])
    notebook.reopen(kernel=kernel, trusted=trusted)  # type: ignore[arg-type]  # reason: parametrised text
    assert_readable(notebook, "answer")
    assert_readable(notebook, "stays.")


def test_a_notebook_saved_in_mid_stream_says_so(lab: Lab, provider: FakeProvider) -> None:
    gate = Gate()
    provider.script("partial-1", Answer.of(WORDS), gate=gate)
    notebook = lab.open(cell(provider, "partial-1"), shared=True)
    notebook.run(0)
    gate.open(20)
    expect(notebook.view(0)).to_contain_text("word19", timeout=30_000)
    notebook.save()
    assert "streaming when saved" in "".join(notebook.file()["cells"][0]["outputs"][0]["data"]["text/html"])
    gate.open_all()
    ended(notebook.view(0))
    notebook.save()
    assert "streaming when saved" not in str(notebook.file()["cells"][0]["outputs"])
