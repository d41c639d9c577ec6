"""JSON answers, the next question and the raw chunks, as a person sees them in JupyterLab."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.harness import Lab
from provider import Answer, FakeProvider

PIECES = ['{"title": "So', 'up", "minu', 'tes": 12', '5, "steps": ["Chop', '", "**Fry**"]}']

CODE = """import nbstream as nb
from pydantic import BaseModel

class Recipe(BaseModel):
    title: str
    minutes: int
    steps: list[str]

told = []
s = nb.stream('Soup', model='openai/{model}', api_base='{base}', api_key='key', response_format=Recipe,
              on_field=lambda path, value: told.append([list(path), value]))"""


TREE = """{
  "title": "Soup",
  "minutes": 125,
  "steps": ["Chop", "**Fry**"]
}"""


def test_a_json_answer_is_shown_as_a_tree_and_its_chunks_are_listed(lab: Lab, provider: FakeProvider) -> None:
    model = "recipe"
    provider.script(model, [Answer.of(PIECES), Answer.of(["Serve ", "hot."])])
    notebook = lab.open(
        CODE.format(model=model, base=provider.base("openai")), "steps = list(s.items('steps'))", "t = s.ask('And then?')"
    )
    notebook.run(0)
    view = notebook.view(0)
    expect(view).to_have_attribute("data-status", "done", timeout=60_000)
    body = view.locator("[data-kind='content'] [data-part='body']")
    assert body.text_content() == TREE
    view.get_by_role("button", name="Raw text").click()
    expect(body).to_have_text("".join(PIECES))
    notebook.run(1, wait=True)
    assert notebook.value("steps") == ["Chop", "**Fry**"]
    assert notebook.value("[s.parsed.minutes, s.partial, told]") == [
        125,
        {"title": "Soup", "minutes": 125, "steps": ["Chop", "**Fry**"]},
        [
            [["title"], "Soup"],
            [["minutes"], 125],
            [["steps", 0], "Chop"],
            [["steps", 1], "**Fry**"],
            [["steps"], ["Chop", "**Fry**"]],
        ],
    ]

    view.get_by_role("button", name="Chunks").click()
    rows = view.locator(".nb-chunks tbody tr")
    count = notebook.value("len(s.chunks)")
    expect(rows).to_have_count(count)
    expect(rows.filter(has_text="So").first).to_contain_text('{"content":"{\\"title\\": \\"So"')
    expect(rows.filter(has_text="stop")).to_have_count(1)
    view.get_by_role("button", name="Chunks").click()
    expect(rows.first).to_be_hidden()

    notebook.run(2)
    expect(notebook.view(2)).to_have_attribute("data-status", "done", timeout=30_000)
    expect(notebook.view(2).get_by_role("group", name="Answer")).to_contain_text("Serve hot.")
    assert notebook.value("[m['role'] for m in t.messages]") == ["user", "assistant", "user", "assistant"]
