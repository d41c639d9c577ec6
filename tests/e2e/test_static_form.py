"""The saved html under the hands of a real host: its sanitiser, its MathJax, its links.

Belongs here: what a host does to html that no live view covers. Does not belong here: islands that are adopted.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.harness import HOSTS, Host, Lab

ANSWER = r"""# Prices

They cost $5 and $10, *not* https://example.org/a_b_c, and \(a_1 + b_2\).

- <img src=x onerror=alert(1)>
- [site](javascript:alert(1)) ![pixel](https://example.org/p.png)

```py
a = "<b>"

b = 1
```

$$\href{javascript:alert(1)}{x}$$ and <button data-commandlinker-command="notebook:run-all-cells">Go</button>
"""

CELL = f"""
from IPython.display import HTML
from nbstream._events import Append, End, Open
from nbstream._static import to_html
from nbstream._transcript import Transcript
t = Transcript()
for event in (Open("content"), Append(0, {ANSWER!r}), Open("thinking"), Append(1, "hm $x$"), End("stopped", "user")):
    t.apply(event)
HTML(to_html(t, "9f2c41d0", 0))
"""

# The table of contents puts an empty span for a number into each heading, ours or not.
SHAPE = """island => {
    const elements = [...island.querySelectorAll(":not(.numbering-entry)")];
    const attributes = elements.flatMap(e => [...e.attributes].map(a => e.localName + " " + a.name));
    return [elements.map(e => e.localName).join(" "), attributes, island.textContent];
}"""


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_shows_the_saved_form_as_it_is(lab: Lab, host: Host) -> None:
    nb = lab.open(CELL, "from IPython.display import Math\nMath('x^2')", host=host)
    nb.expected.append(r"403 \(Forbidden\).*\.woff")  # Notebook 7 does not serve the fonts of its own MathJax
    nb.run(0, wait=True)
    nb.run(1, wait=True)
    expect(nb.output(1).locator("mjx-container").first).to_be_visible()  # MathJax is there, and was asked after our output
    shape, attributes, text = nb.output(0).locator(".nbs-9f2c41d0").evaluate(SHAPE)
    assert attributes == []
    for part in (
        "$5 and $10, not https",
        r"\(a_1 + b_2\)",
        r"$$\href{javascript:alert(1)}{x}$$",
        "<img src=x",
        'a = "<b>"\n\nb = 1',
    ):
        assert part in text
    assert shape == "p b h4 p em code ul li li pre code p code details summary blockquote p code p em"
    nb.save()
    nb.reopen(kernel="none", trusted=False)
    island = nb.output(0).locator(".nbs-9f2c41d0.nbs-r0")
    expect(island.get_by_text("Prices")).to_be_visible()
    expect(island.get_by_text("hm")).to_be_hidden()
    assert island.evaluate(SHAPE) == [shape, attributes, text]
    island.get_by_text("Thinking").click()
    expect(island.get_by_text("hm")).to_be_visible()
