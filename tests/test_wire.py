from __future__ import annotations

import json
from typing import Any

import pytest
from fault_server import fixture

from o1magic.answer import Usage
from o1magic.client.sse import Events
from o1magic.errors import APIError, UnreadableReplyError
from o1magic.wire import Reply, StreamReader, fault_in, reply_from_body, usage_from


def body(message: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "Yes.", **(message or {})}
    return {"object": "chat.completion", "choices": [{"index": 0, "message": said, "finish_reason": "stop"}], **parts}


def read(*payloads: str | dict[str, Any]) -> Reply:
    reader = StreamReader()
    for payload in payloads:
        reader.feed(payload if isinstance(payload, str) else json.dumps(payload))
    return reader.reply()


def chunk(content: Any = None, *, finish: str | None = None, **parts: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **parts}


def test_a_documented_body_is_read_whole():
    """Text, model, id, finish reason and every token count of OpenAI's example arrive."""
    reply = reply_from_body(fixture("chat_completion_ok")["body"])

    assert reply == Reply(
        text="The transpose is ...",
        finish_reason="stop",
        model="o1-2024-12-17",
        provider_id="chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        tier="default",
        usage=Usage(prompt=400, cached=0, reasoning=500, completion=600),
        choices=1,
    )


def test_the_beta_shape_of_2024_is_read():
    """A body without prompt_tokens_details has an unknown, not a zero, cached count."""
    usage = reply_from_body(fixture("chat_completion_sept2024_beta")["body"]).usage

    assert usage == Usage(prompt=400, cached=None, reasoning=500, completion=600)


@pytest.mark.parametrize("name", ["chat_completion_length_empty", "chat_completion_content_filter"])
def test_a10_a11_an_empty_answer_keeps_its_reason_and_cost(name):
    """An empty answer arrives as one, with the finish reason and the tokens it cost."""
    sent = fixture(name)["body"]

    reply = reply_from_body(sent)

    assert reply.text == ""
    assert reply.finish_reason == sent["choices"][0]["finish_reason"]
    assert reply.usage.completion == sent["usage"]["completion_tokens"]


def test_a11_a_refusal_is_read():
    """The text of a refusal is kept apart from the answer."""
    reply = reply_from_body(fixture("chat_completion_refusal")["body"])

    assert (reply.text, reply.refusal) == ("", "I'm sorry, I can't assist with that.")


@pytest.mark.parametrize("choices", [{"choices": []}, {"choices": None}, {}])
def test_a11_no_choices_still_bills(choices):
    """A body without an answer in it still says what it cost."""
    reply = reply_from_body({"usage": {"prompt_tokens": 3, "completion_tokens": 4}, **choices})

    assert (reply.choices, reply.text, reply.usage.known) == (0, "", True)


@pytest.mark.parametrize("call", [{"tool_calls": [{"id": "c"}]}, {"function_call": {"name": "f"}}])
def test_a11_a_tool_call_is_named(call):
    """A tool call in place of an answer is told from an empty answer."""
    assert reply_from_body(body({"content": None, **call})).tool_calls


@pytest.mark.parametrize(
    ("name", "thought"),
    [("compat_deepseek", "Compare 9.11 and 9.8 ..."), ("compat_vllm_new", "Compare ...")],
)
def test_reasoning_text_of_compatible_servers(name, thought):
    """Reasoning text is read under either of its names."""
    reply = reply_from_body(fixture(name)["body"])

    assert (reply.text, reply.reasoning_text) == ("9.8 is greater.", thought)


def test_reasoning_under_both_names_is_read_once():
    """The same reasoning under two names, as vLLM 0.11 sends it, is one."""
    reply = reply_from_body(body({"reasoning": "Hm.", "reasoning_content": "Hm."}))

    assert reply.reasoning_text == "Hm."


def test_an_openrouter_chunk_is_read():
    """A chunk with reasoning in it adds to the reasoning, not to the text."""
    reader = StreamReader()

    text = reader.feed(json.dumps(fixture("compat_openrouter_chunk")["body"]))

    assert (text, reader.thought) == ("", "**Deciding** ...")


def test_content_parts_are_joined():
    """A list of content parts is its text parts; thinking parts are reasoning."""
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "Y"},
        {"type": "text", "text": "es."},
    ]

    reply = reply_from_body(body({"content": parts}))

    assert (reply.text, reply.reasoning_text) == ("Yes.", "Hm.")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<think>\nHm.\n</think>\n\nYes.", ("Yes.", "Hm.")),
        ("\n<think></think>Yes.", ("Yes.", "")),
        ("<think>never closed", ("", "never closed")),
        ("Yes, <think> is a tag</think>", ("Yes, <think> is a tag</think>", "")),
        ("<thinking>", ("<thinking>", "")),
        ("<thi", ("<thi", "")),
        ("  ", ("  ", "")),
        ("<think>a</think>b<think>c</think>", ("b<think>c</think>", "a")),
    ],
)
def test_a_leading_think_block_is_split_off(content, expected):
    """Only a block at the very beginning is reasoning, and it is found however the stream is cut."""
    whole = reply_from_body(body({"content": content}))
    streamed = read(*(chunk(letter) for letter in content))

    assert (whole.text, whole.reasoning_text) == expected
    assert (streamed.text, streamed.reasoning_text) == expected


def test_think_tags_stay_where_they_are_not_split():
    """Without `think_tags` the text is exactly what the model wrote."""
    reply = reply_from_body(body({"content": "<think>a</think>b"}), think_tags=False)

    assert reply.text == "<think>a</think>b"


def test_a14_lone_surrogates_become_replacement_characters():
    """Text from the wire can always be encoded."""
    sent = json.loads(json.dumps(body({"content": "a\ud83db\udc00"})))

    assert reply_from_body(sent).text == "a\ufffdb\ufffd"


def test_a14_a_surrogate_pair_cut_in_two_is_joined():
    """Servers that count UTF-16 units may cut a character in half between chunks."""
    assert read(chunk("a\ud83d"), chunk("\ude00b"), chunk("\ud83d")).text == "a\U0001f600b\ufffd"


def test_a_body_of_nulls_is_read():
    """Null in every place that may hold something is nothing, not an exception."""
    sent = {"id": None, "model": None, "usage": None, "choices": [{"message": None, "finish_reason": None}]}

    assert reply_from_body(sent) == Reply(choices=1)


@pytest.mark.parametrize("sent", [None, 1, "x", [], {}, {"status": "ok"}])
def test_n8_json_that_is_no_completion_is_refused(sent):
    """JSON of another kind is not taken for an empty answer."""
    with pytest.raises(UnreadableReplyError):
        reply_from_body(sent)


def test_a_200_with_an_error_body_is_an_error():
    """An error body is an error whatever the status says."""
    with pytest.raises(APIError, match="overloaded") as caught:
        reply_from_body({"error": {"message": "overloaded", "code": 502}, "choices": []})

    assert (caught.value.code, caught.value.status) == ("502", 200)


@pytest.mark.parametrize(
    "sent",
    [
        {"error": {"message": "no"}},
        {"error": "no"},
        [{"error": {"message": "no"}}],
        {"object": "error", "message": "no"},
        {"message": "no"},
        {"detail": "no"},
    ],
)
def test_error_bodies_come_in_many_forms(sent):
    """Each known form of an error body yields its message."""
    fault = fault_in(sent, failed=True)

    assert fault is not None
    assert fault.message == "no"


def test_the_documented_stream_is_read():
    """OpenAI's example stream adds up to its text, with the usage of its last chunk."""
    lines = fixture("chat_stream_include_usage")["sse_lines"]

    reply = read(*(line.removeprefix("data: ") for line in lines))

    assert (reply.text, reply.finish_reason, reply.complete) == ("Hello", "stop", True)
    assert reply.usage == Usage(prompt=11, cached=0, reasoning=192, completion=210)


def test_usage_in_every_chunk_counts_once():
    """Of a growing usage, as vLLM repeats it, the last is the bill."""
    reply = read(
        chunk("a", usage={"prompt_tokens": 5, "completion_tokens": 1}),
        chunk("b", finish="stop", usage={"prompt_tokens": 5, "completion_tokens": 2}),
    )

    assert (reply.usage.prompt, reply.usage.completion) == (5, 2)


def test_usage_over_two_chunks_is_put_together():
    """Prompt tokens in one chunk and completion tokens in another make one usage."""
    reply = read(chunk(usage={"prompt_tokens": 5}), chunk(finish="stop", usage={"completion_tokens": 2}))

    assert reply.usage.known


def test_n4_a_stream_without_an_end_is_not_complete():
    """Neither a finish reason nor [DONE]: the reply is cut."""
    assert not read(chunk("a")).complete
    assert read(chunk("a", finish="length")).complete
    assert read(chunk("a"), "[DONE]").complete


def test_n6_a_broken_chunk_is_counted_and_the_rest_read():
    """One broken chunk makes the reply incomplete without losing what follows it."""
    reply = read(chunk("a"), '{"choices": [{"del', chunk("b", finish="stop"))

    assert (reply.text, reply.complete) == ("ab", False)


def test_keep_alive_words_are_ignored():
    """Data that is a bare word is no broken chunk."""
    assert read("ping", "", chunk("a", finish="stop")).complete


def test_n6_an_error_in_the_stream_is_found():
    """An error event becomes a fault with its message."""
    reader = StreamReader()

    reader.feed(fixture("chat_stream_error_mid")["sse_lines"][0].removeprefix("data: "))

    assert reader.fault is not None
    assert reader.fault.type == "server_error"


def test_only_the_first_choice_is_read():
    """Chunks of a second choice do not mix into the text."""
    other = {"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}]}

    reply = read(chunk("a"), other)

    assert (reply.text, reply.choices, reply.finish_reason) == ("a", 2, None)


def test_the_simulator_is_recognised():
    """A reply of the simulator says so, streamed or not."""
    mark = {"system_fingerprint": "o1magic-simulator"}

    assert reply_from_body(body(**mark)).simulated
    assert read(chunk("a", **mark)).simulated
    assert not reply_from_body(body()).simulated


@pytest.mark.parametrize("odd", [-5, 2**63, 10**30, 1.5, float("nan"), "11", True, [1]])
def test_a8_an_absurd_count_is_unknown(odd):
    """A count that cannot be is unknown, and the JSON it came in is kept."""
    usage = usage_from({"prompt_tokens": 7, "completion_tokens": odd})

    assert (usage.prompt, usage.completion, usage.known) == (7, None, False)
    assert "completion_tokens" in str(usage.raw)


@pytest.mark.parametrize(("raw", "kept"), [(None, None), ({}, "{}"), ("11", '"11"'), ([], "[]")])
def test_a8_missing_usage_is_unknown(raw, kept):
    """No usage is unknown, not zero."""
    assert usage_from(raw) == Usage(raw=kept)


def test_a8_a_count_of_five_thousand_digits_loses_no_answer():
    """A number Python refuses to convert leaves the text readable."""
    text = json.dumps(chunk("a", finish="stop"))[:-1] + ', "usage": {"completion_tokens": ' + "1" * 5000 + "}}"

    reply = read(text)

    assert (reply.text, reply.usage.completion) == ("a", None)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 1, "completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 3}},
        {"prompt_tokens": 1, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}},
        {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 9},
    ],
)
def test_a9_contradicting_counts_are_flagged(usage):
    """Counts that contradict each other are shown as reported, and flagged."""
    read_usage = usage_from(usage)

    assert read_usage.inconsistent
    assert (read_usage.prompt, read_usage.completion) == (1, 2)


def test_zero_is_a_count():
    """Zero tokens are known to be zero."""
    assert usage_from({"prompt_tokens": 0, "completion_tokens": 0}) == Usage(prompt=0, completion=0)


STREAM = (
    ': comment\r\n\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: error\r\ndata: é\U0001f600\r\n\r\nid: 7\r\n\r\ndata: last'
).encode()
EVENTS = [("", '{"a":\n1}'), ("error", "é\U0001f600"), ("", "last")]


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_found_however_the_bytes_are_cut(ending, size):
    """Line endings, comments, data over two lines, split characters and a missing last newline change nothing."""
    data, events, found = STREAM.replace(b"\r\n", ending), Events(), []

    for start in range(0, len(data), size):
        found += events.feed(data[start : start + size])
    found += events.finish()

    assert found == EVENTS
