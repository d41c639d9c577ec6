"""A real OpenHands `Conversation` streams into `nb.Stream`; run by `make agents`, in an environment of its own (Python 3.12+).

Belongs here: what only the OpenHands SDK can show; warnings are no errors here, because they are the SDK's own. Does not belong
here: chunks of litellm that are pushed (`wire/test_token_callbacks`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("OPENHANDS_SUPPRESS_BANNER", "1")

import pytest
from openhands.sdk import LLM, Agent, Conversation
from openhands.sdk.event import ObservationEvent
from openhands.sdk.llm import Message, TextContent
from openhands.sdk.llm.streaming import ModelResponseStream
from pydantic import SecretStr

from nbstream import Stream, StreamStopped, runs
from provider import Answer, Call, FakeProvider, Script, Usage

THOUGHT = '{"thought": "Paris lies in France, é 😀", "security_risk": "LOW"}'
DONE = '{"message": "It is Paris.", "security_risk": "LOW"}'
STEPS = [
    Answer.of("Let me think. ", thinking="Which city?", calls=[Call("call_1", "think", [THOUGHT[:9], THOUGHT[9:]])], cut=4),
    Answer.of("Now I know. ", thinking="Paris.", calls=[Call("call_2", "finish", [DONE[:20], DONE[20:]])], cut=3),
]
Make = Callable[..., Any]


@pytest.fixture
def conversation(provider: FakeProvider, tmp_path: Path) -> Iterator[Make]:
    """Makes conversations with a model of the local provider; they are closed at the end."""
    made: list[Any] = []

    def make(model: str, **more: Any) -> Any:
        agent = Agent(llm=llm_for(provider, model, more.pop("route", "openai")), tools=[])
        made.append(Conversation(agent=agent, workspace=str(tmp_path), visualizer=None, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def llm_for(provider: FakeProvider, model: str, route: str = "openai") -> LLM:
    key = SecretStr("sk-of-a-test-1234567890")
    address = provider.base(route)
    return LLM(model=f"{route}/{model}", api_key=key, base_url=address, usage_id=model, stream=True, num_retries=0)


def brief(s: Stream) -> list[tuple[str, str]]:
    return [(section.kind, section.text) for section in s.sections]


SHOWN = [
    *[("thinking", "Which city?"), ("content", "Let me think. "), ("tool", THOUGHT)],
    *[("thinking", "Paris."), ("content", "Now I know. "), ("tool", DONE)],
]


def test_seed_0_1_an_llm_of_the_environment_streams_and_its_key_is_shown_nowhere(
    provider: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = provider.script("oh-environment", STEPS)
    key = "sk-of-the-environment-1234567890"
    monkeypatch.setenv("LLM_MODEL", "openai/oh-environment")
    monkeypatch.setenv("LLM_BASE_URL", provider.base("openai"))
    monkeypatch.setenv("LLM_API_KEY", key)
    names = {"model": "LLM_MODEL", "base_url": "LLM_BASE_URL"}
    given: dict[str, Any] = {argument: os.environ[name] for argument, name in names.items()}
    llm = LLM(api_key=SecretStr(os.environ["LLM_API_KEY"]), usage_id="stream-demo", stream=True, num_retries=0, **given)
    with Stream("agent", display=False) as s:
        talk = Conversation(
            agent=Agent(llm=llm, tools=[]), workspace=str(tmp_path), token_callbacks=[s.on_token], visualizer=None
        )
        talk.send_message("Which city?")
        talk.run()
        talk.close()
    assert brief(s) == SHOWN
    assert script.requests[0].headers["authorization"] == f"Bearer {key}"
    assert key not in f"{s.to_markdown()} {s.chunks} {s.messages}"


def test_seed_0_4_thinking_content_tool_name_and_tool_arguments_are_shown(provider: FakeProvider, conversation: Make) -> None:
    provider.script("oh-kinds", STEPS)
    s = Stream("agent", display=False)
    talk = conversation("oh-kinds", token_callbacks=[s.on_token])
    talk.send_message("Which city?")
    with s:
        talk.run()
    assert brief(s) == SHOWN
    assert [(c.name, c.arguments) for c in s.tool_calls] == [("think", THOUGHT), ("finish", DONE)]
    assert (s.status, s.thinking, s.content) == ("done", "Which city?Paris.", "Let me think. Now I know. ")


def test_seed_0_5_each_change_of_kind_and_each_model_call_begins_a_section(provider: FakeProvider, conversation: Make) -> None:
    provider.script("oh-steps", STEPS)
    with Stream(display=False) as s:
        talk = conversation("oh-steps", token_callbacks=[s.on_token])
        talk.send_message("Which city?")
        talk.run()
    assert [section.meta.get("step", 1) for section in s.sections] == [1, 1, 1, 2, 2, 2]
    assert all(section.closed for section in s.sections)


def test_seed_0_10_other_callbacks_beside_it_get_the_same_chunks(provider: FakeProvider, conversation: Make) -> None:
    provider.script("oh-beside", STEPS)
    before: list[ModelResponseStream] = []
    after: list[ModelResponseStream] = []
    with Stream(display=False) as s:
        talk = conversation("oh-beside", token_callbacks=[before.append, s.on_token, after.append])
        talk.send_message("Which city?")
        talk.run()
    assert brief(s) == SHOWN
    assert before == after
    assert all(isinstance(chunk, ModelResponseStream) for chunk in before)
    assert [chunk.raw for chunk in s.chunks if chunk.raw is not None] == before


def test_seed_0_9_a_token_is_there_while_the_model_goes_on(provider: FakeProvider, conversation: Make) -> None:
    provider.script("oh-live", STEPS, rate=200)
    seen: list[str] = []
    s = Stream(display=False)
    talk = conversation("oh-live", token_callbacks=[s.on_token, lambda _: seen.append(s.content)])
    talk.send_message("Which city?")
    with s:
        talk.run()
    assert len(set(seen)) > 4


def test_seed_0_11_a_conversation_may_run_twice_with_tools_between(provider: FakeProvider, conversation: Make) -> None:
    provider.script("oh-twice", [*STEPS, *STEPS])
    s = Stream(display=False)

    def results(event: Any) -> None:
        if isinstance(event, ObservationEvent):
            s.tool_output(event.observation.text, id=event.tool_call_id)

    talk = conversation("oh-twice", token_callbacks=[s.on_token], callbacks=[results])
    with s:
        for question in ("Which city?", "Again?"):
            talk.send_message(question)
            talk.run()
    assert [(kind, text) for kind, text in brief(s) if kind != "result"] == SHOWN * 2
    assert [call.state for call in s.tool_calls] == ["output-available"] * 4
    assert [section.meta["name"] for section in s.sections if section.kind == "result"] == ["think", "finish"] * 2


def test_seed_0_12_tokens_and_cost_add_up_as_the_agents_own_metrics_do(provider: FakeProvider, conversation: Make) -> None:
    counted = [Answer(step.pieces, step.finish_reason, Usage(100 * n, 10 * n, reasoning=n)) for n, step in enumerate(STEPS, 1)]
    provider.script("oh-usage", counted)
    with Stream("accounts", display=False) as s:
        talk = conversation("oh-usage", token_callbacks=[s.on_token])
        talk.send_message("Which city?")
        talk.run()
    total = talk.conversation_stats.get_combined_metrics().accumulated_token_usage
    assert (s.usage.input_tokens, s.usage.output_tokens, s.usage.reasoning_tokens) == (300, 30, 3)
    assert (total.prompt_tokens, total.completion_tokens, total.reasoning_tokens) == (300, 30, 3)
    row = runs()[-1]
    assert (row.title, row.input_tokens, row.output_tokens, row.estimated) == ("accounts", 300, 30, False)


def stopping(s: Stream, after: int) -> Callable[[Any], None]:
    """A callback that stops `s` after so many chunks."""
    count = 0

    def look(_: Any) -> None:
        nonlocal count
        count += 1
        if count == after:
            s.stop()

    return look


def sent(script: Script) -> int:
    connection = script.connections[-1]
    connection.wait_closed(10)
    return connection.chunks_sent


def test_a_stop_ends_the_conversation_but_not_the_provider(provider: FakeProvider, conversation: Make) -> None:
    """What docs/push.md says of Stop: the producer unwinds at its next chunk, the SDK leaves its connection open."""
    script = provider.script("oh-stop", Answer.of([f"{n} " for n in range(60)]), rate=200)
    s = Stream(display=False)
    talk = conversation("oh-stop", token_callbacks=[s.on_token, stopping(s, 10)])
    talk.send_message("Count")

    def converse() -> None:
        with s:
            talk.run()

    with pytest.raises(Exception, match="was stopped") as raised:
        converse()
    assert isinstance(raised.value.__cause__, StreamStopped)
    assert (s.status, s.stopped_by) == ("stopped", "user")
    assert s.content == "".join(f"{n} " for n in range(len(s.content.split())))
    assert len(s.content.split()) <= 10
    assert sent(script) == script.connections[-1].chunks_total


def test_a_stop_may_leave_the_agent_alone(provider: FakeProvider, conversation: Make) -> None:
    provider.script("oh-ignore", STEPS)
    chunks: list[ModelResponseStream] = []
    with Stream(display=False, raise_on_stop=False) as s:
        talk = conversation("oh-ignore", token_callbacks=[s.on_token, stopping(s, 3), chunks.append])
        talk.send_message("Which city?")
        talk.run()
    assert s.status == "stopped"
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["tool_calls"] * 2
    assert talk.state.execution_status.value == "finished"


async def test_a_coroutine_callback_is_awaited(provider: FakeProvider) -> None:
    provider.script("oh-async", STEPS[0])
    question = [Message(role="user", content=[TextContent(text="Which city?")])]
    async with Stream(display=False) as s:
        await llm_for(provider, "oh-async").acompletion(question, on_token=s.on_token_async)
    assert brief(s) == SHOWN[:3]


def test_the_answer_of_a_reasoning_model_by_way_of_anthropic(provider: FakeProvider, conversation: Make) -> None:
    provider.script("claude-oh", STEPS)
    with Stream(display=False) as s:
        talk = conversation("claude-oh", token_callbacks=[s.on_token], route="anthropic")
        talk.send_message("Which city?")
        talk.run()
    assert brief(s) == SHOWN
