"""The digest that is taken along equals the one that is taken at the end, whatever grew in which order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nbstream._digest import BATCH, digest
from nbstream._events import Append, Close, End, Open
from nbstream._transcript import Transcript

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
STEP = st.tuples(st.sampled_from(["open", "append", "append", "append", "close", "many"]), st.integers(0, 3), TEXT)


def play(transcript: Transcript, step: tuple[str, int, str]) -> None:
    """Take one step, if it is legal."""
    verb, at, text = step
    if verb == "open":
        transcript.apply(Open(text or "content"))
    elif at < len(transcript.sections) and not transcript.sections[at].closed:
        if verb == "close":
            transcript.apply(Close(at))
        for _ in range({"append": 1, "many": BATCH + 1}.get(verb, 0)):
            transcript.apply(Append(at, text))


@settings(deadline=None)
@given(st.lists(STEP, max_size=30), st.integers(0, 30))
def test_the_digest_is_that_of_the_whole_text_also_after_a_snapshot(steps: list[tuple[str, int, str]], cut: int) -> None:
    whole, begun = Transcript(), Transcript()
    for number, step in enumerate(steps):
        if number == cut:
            begun = Transcript.from_snapshot(whole.snapshot())
        play(whole, step)
        if number >= cut:
            play(begun, step)
    expected = digest(whole.sections)
    for transcript in (whole, begun) if cut < len(steps) else (whole,):
        transcript.apply(End("done"))
        assert transcript.end is not None
        assert transcript.end.digest == expected


def test_a_long_answer_leaves_little_to_count_at_its_end() -> None:
    transcript = Transcript()
    transcript.apply(Open("content"))
    for _ in range(10_000):
        transcript.apply(Append(0, "word "))
    assert len(transcript._digest._parts) < BATCH
    assert transcript._digest._length > 49_000
