"""The harness itself, shown on a trivial widget. Does not belong here: anything about nbstream."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.harness import HOSTS, Host, Lab

WIDGET = """
import anywidget, traitlets
class W(anywidget.AnyWidget):
    _esm = '''export default {render({model, el}) {
        const root = el.attachShadow({mode: "open"});
        root.innerHTML = "<section role=region aria-label=tiny><button>Press</button></section>";
        root.querySelector("button").onclick = () => { model.set("n", model.get("n") + 1); model.save_changes(); };
    }}'''
    n = traitlets.Int(0).tag(sync=True)
w = W()
w
"""


@pytest.mark.parametrize("host", HOSTS)
def test_a_widget_is_seen_pressed_saved_and_reopened(lab: Lab, host: Host) -> None:
    nb = lab.open("x = 1", WIDGET, "print('text', x)", host=host)
    nb.run(0)
    nb.run(1)
    view = nb.view(1, "tiny")
    view.get_by_role("button", name="Press").click()
    nb.run(2, wait=True)
    assert nb.value("[w.n, x]") == [1, 1]
    assert nb.execute("print(w.n)") == "1\n"
    nb.save()
    assert nb.file()["cells"][2]["outputs"][0]["text"] == ["text 1\n"]
    nb.reload()
    expect(nb.view(1, "tiny")).to_be_visible()
    nb.reopen(kernel="none", trusted=False)
    expect(nb.output(2)).to_contain_text("text 1")
    assert not nb.trusted
    nb.reopen(trusted=True)
    expect(nb.output(2)).to_contain_text("text 1")
    assert nb.trusted
    assert nb.value("1 + 1") == 2
