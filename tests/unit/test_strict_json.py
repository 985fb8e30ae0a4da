"""shared.strict_json: one text, one meaning."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared import strict_json
from shared.strict_json import InvalidJson

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
SCALARS = (st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1)
           | st.floats(allow_nan=False, allow_infinity=False) | TEXT)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4)
                      | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20)

Reader = Callable[[bytes], object]

# The first draw of any character builds tables, which a busy machine may take seconds for.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def reason(raw: bytes, **limits: int) -> str:
    with pytest.raises(InvalidJson) as caught:
        strict_json.loads(raw, **limits)
    assert caught.value.reason in strict_json.REASONS
    return caught.value.reason


@given(VALUES, st.booleans())
@CALM
def test_whatever_json_writes_is_read_back(value: object, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert strict_json.loads(raw, max_depth=64, max_bytes=10**6) == value


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xff")
@example(b'"\\ud800"')
@example(b"[" * 5000)
def test_any_bytes_give_a_value_or_invalid_json(raw: bytes) -> None:
    try:
        strict_json.loads(raw)
    except InvalidJson as error:
        assert error.reason in strict_json.REASONS


@given(st.text(max_size=60))
@CALM
def test_what_it_takes_the_standard_reader_takes_alike(text: str) -> None:
    try:
        value = strict_json.loads(text.encode("utf-8", "surrogatepass"))
    except InvalidJson:
        return
    assert json.loads(text) == value


@pytest.mark.parametrize(("raw", "expected"), [
    (b'{"a":1,"a":1}', "duplicate_key"),
    (b'{"x":{"a":1,"b":2,"a":3}}', "duplicate_key"),
    (b'{"a":1,"\\u0061":2}', "duplicate_key"),
    (b"NaN", "not_a_number"),
    (b"[Infinity]", "not_a_number"),
    (b"-Infinity", "not_a_number"),
    (b"1e999", "number_out_of_range"),
    (b"-1e999", "number_out_of_range"),
    (b"9223372036854775808", "number_out_of_range"),
    (b"-9223372036854775809", "number_out_of_range"),
    (b"9" * 4301, "number_out_of_range"),
    (b"\xef\xbb\xbf1", "byte_order_mark"),
    ("1".encode("utf-16"), "not_utf8"),
    (b'"\xff"', "not_utf8"),
    (b'"\xed\xa0\x80"', "not_utf8"),
    (b'"\xc0\xaf"', "not_utf8"),
    ('"通宝"'.encode("gbk"), "not_utf8"),
    (b'"\\ud800"', "lone_surrogate"),
    (b'"\\udc00\\ud800"', "lone_surrogate"),
    (b'{"\\uD800":1}', "lone_surrogate"),
    (b'[["\\ud83d"]]', "lone_surrogate"),
    (b'{"a":"\\ud83d"}', "lone_surrogate"),
    (b'"\\u0000"', "nul_character"),
    (b'"\x00"', "syntax"),
    (b'"\n"', "syntax"),
    (b'"\x1f"', "syntax"),
    (b"1 2", "syntax"),
    (b"{}x", "syntax"),
    (b"{}X", "syntax"),
    (b"X{}", "syntax"),
    (b"{},", "syntax"),
    (b"1\x0c", "syntax"),
    (b"", "syntax"),
    (b"  ", "syntax"),
    (b"01", "syntax"),
    (b"+1", "syntax"),
    (b"1.", "syntax"),
    (b"{'a':1}", "syntax"),
    (b"[1,]", "syntax"),
    (b'"\\x41"', "syntax"),
    ("１".encode(), "syntax"),
])
def test_what_is_ambiguous_or_broken_is_refused(raw: bytes, expected: str) -> None:
    assert reason(raw) == expected


@pytest.mark.parametrize(("raw", "value"), [
    (b' {"a":1,"b":1} \r\n\t', {"a": 1, "b": 1}),
    (b'{"x":{"a":1},"a":1}', {"x": {"a": 1}, "a": 1}),
    (b"9223372036854775807", 2**63 - 1),
    (b"-9223372036854775808", -(2**63)),
    (b"1e300", 1e300),
    (b'"\\ud83d\\ude00"', "\U0001f600"),
    (b'"\\\\ud800"', "\\ud800"),
    (b'"NaN"', "NaN"),
    (b'"\\n\\t"', "\n\t"),
])
def test_their_nearest_valid_relatives_are_taken(raw: bytes, value: object) -> None:
    assert strict_json.loads(raw) == value


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_nesting_is_taken_up_to_the_limit_and_not_beyond() -> None:
    strict_json.loads(nested(16))
    assert reason(nested(17)) == "too_deep"
    assert reason(nested(5), max_depth=4) == "too_deep"
    assert reason(b'{"a":' * 2000 + b"1" + b"}" * 2000) == "too_deep"


def test_many_brackets_side_by_side_or_in_strings_are_not_deep() -> None:
    wide = [[] for _ in range(100)]
    assert strict_json.loads(json.dumps(wide).encode()) == wide
    quoted = ['[[[["\\[[[[', "{" * 50]
    assert strict_json.loads(json.dumps(quoted).encode(), max_depth=1) == quoted


def test_an_escape_outside_a_string_hides_no_bracket() -> None:
    assert reason(b"[\\x[", max_depth=1) == "too_deep"
    assert reason(b"[\\x[", max_depth=2) == "syntax"


def test_a_depth_limit_above_what_the_reader_can_nest_still_ends_in_a_refusal() -> None:
    raw = nested(100_000)
    assert reason(raw, max_depth=100_000, max_bytes=len(raw)) == "syntax"


@given(VALUES)
@CALM
def test_the_depth_limit_is_exact(value: object) -> None:
    raw, deep = json.dumps(value).encode(), depth(value)
    assert strict_json.loads(raw, max_depth=deep) == value
    if deep:
        assert reason(raw, max_depth=deep - 1) == "too_deep"


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def test_size_counts_bytes_and_comes_before_all_else() -> None:
    assert strict_json.loads("宝".encode().join([b'"', b'"']), max_bytes=5) == "宝"
    assert reason('"宝"'.encode(), max_bytes=4) == "too_large"
    assert reason(b"\xff" * 5, max_bytes=4) == "too_large"


def object_of(size: int) -> bytes:
    return b'{"a":"' + b"x" * (size - 8) + b'"}'


@pytest.mark.parametrize("read", [strict_json.loads, strict_json.loads_object])
def test_unless_told_otherwise_64_kib_are_taken_and_not_one_byte_more(read: Reader) -> None:
    assert read(object_of(65_536)) == {"a": "x" * 65_528}
    with pytest.raises(InvalidJson, match=r"^too_large$"):
        read(object_of(65_537))


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"a"', b"1"])
def test_loads_object_takes_objects_only(raw: bytes) -> None:
    assert strict_json.loads_object(b"{}") == {}
    with pytest.raises(InvalidJson) as caught:
        strict_json.loads_object(raw)
    assert caught.value.reason == "syntax"


def test_loads_object_nests_16_deep_unless_told_otherwise() -> None:
    strict_json.loads_object(b'{"a":' + nested(15) + b"}")
    with pytest.raises(InvalidJson, match=r"^too_deep$"):
        strict_json.loads_object(b'{"a":' + nested(16) + b"}")
    strict_json.loads_object(b'{"a":' + nested(16) + b"}", max_depth=17)


def test_loads_object_takes_as_many_bytes_as_it_is_told() -> None:
    strict_json.loads_object(object_of(65_537), max_bytes=65_537)
    with pytest.raises(InvalidJson, match=r"^too_large$"):
        strict_json.loads_object(object_of(10), max_bytes=9)


def test_the_error_says_nothing_of_the_text() -> None:
    with pytest.raises(InvalidJson) as caught:
        strict_json.loads(b'{"secret-canary":')
    assert str(caught.value) == caught.value.reason == "syntax"
    shown = repr(caught.value) + str(caught.value.__cause__)
    assert "canary" not in shown
    assert caught.value.__suppress_context__
