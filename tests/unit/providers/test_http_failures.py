from __future__ import annotations

import base64
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascadelang.contracts.failure import FAILURE_KINDS
from cascadelang.providers._failures import (
    error_words,
    find_error,
    host_of,
    kind_of_status,
    reason_of,
    retry_after_s,
)
from cascadelang.providers._redact import MAX_MESSAGE_CHARS, Redactor
from cascadelang.providers._tls import tls_context

KEY = "sk-proj-0123456789abcdefXYZW"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "bad_request"),
        (401, "auth"),
        (402, "rate_limit"),
        (403, "auth"),
        (404, "bad_request"),
        (408, "timeout"),
        (413, "context_length"),
        (422, "bad_request"),
        (429, "rate_limit"),
        (500, "server"),
        (502, "server"),
        (503, "server"),
        (529, "server"),
        (301, "bad_request"),
        (200, "server"),
    ],
)
def test_statuses(status, kind):
    assert kind_of_status(status) == kind


@given(st.integers(100, 599))
def test_every_status_is_some_failure(status):
    assert kind_of_status(status) in FAILURE_KINDS


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "too many", "code": 429}}, "too many"),
        ({"error": "model not found"}, "model not found"),
        ({"object": "error", "message": "bad", "code": 400}, "bad"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, "overloaded_error"),
        ([{"error": {"status": "INTERNAL"}}], "INTERNAL"),
        ({"detail": "not found"}, "not found"),
        ({"detail": [{"loc": ["body"]}]}, ""),
        ({"error": {}}, ""),
        ([], ""),
        (None, ""),
        (3, ""),
    ],
)
def test_words_of_an_error(body, words):
    assert error_words(body) == words


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("error"), inner, max_size=3),
)


@given(JSON)
def test_any_body_can_be_read(body):
    assert isinstance(error_words(body), str)
    find_error(body)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "x", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:17:10 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:10 GMT"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Thu, 99 Foo 1970"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after(headers, wait_s):
    assert retry_after_s(headers, now_wall_s=1000.0) == wait_s


@given(st.text(), st.text())
def test_no_key_comes_through(before, after):
    line = Redactor([KEY]).line(f"{before}{KEY}{after}")
    assert KEY not in line
    assert len(line) <= MAX_MESSAGE_CHARS
    assert line.isprintable()


def test_parts_of_a_key_and_other_bearers():
    line = Redactor([KEY, "abc"]).line
    assert line(f"wrong key: {KEY[:7]}*****{KEY[-4:]}.") == "wrong key: ***"
    assert line(f"wrong key: …{KEY[-8:]}") == "wrong key: ***"
    assert line("Authorization: Bearer eyJhbGciOi.abc") == "Authorization: Bearer ***"
    assert line("a b\r\nc\x1b[0m\u202e d.") == "a b c [0m d"
    assert line("the bearer of good news") == "the bearer of good news"
    assert repr(Redactor([KEY])) == "Redactor(***)"


SECRET = "sk-ant-api03-Zq8vT2mK9xLw4RbN7yHc-7890"


def spelt(form):
    encode = base64.b64encode
    return {
        "dots": f"{SECRET[:6]}...{SECRET[-4:]}",
        "two dots": f"wrong:{SECRET[:6]}..{SECRET[-4:]}",
        "ellipsis": f"{SECRET[:6]}…{SECRET[-4:]}",
        "apart": f"{SECRET[:6]} ... {SECRET[-4:]}",
        "x": f"{SECRET[:6]}xxxxxxxx{SECRET[-4:]}",
        "middle": SECRET[15:23],
        "middle in a word": f"token='{SECRET[15:24]}'",
        "hex": SECRET.encode().hex(),
        "hex with colons": SECRET.encode().hex(":").upper(),
        "base64": encode(SECRET.encode()).decode(),
        "base64 after one": encode(b"u" + SECRET.encode()).decode(),
        "base64 after two": encode(b"u:" + SECRET.encode()).decode(),
        "base64 of user": encode(b"user:" + SECRET.encode()).decode(),
        "backwards": SECRET[::-1],
        "capitals": SECRET.upper(),
        "spaced": " ".join(SECRET),
        "zero width": "\u200b".join(SECRET),
        "signs between": "-".join(SECRET),
        "in two": f"{SECRET[:20]} {SECRET[20:]}",
    }[form]


@pytest.mark.parametrize(
    "form",
    [
        "dots", "two dots", "ellipsis", "apart", "x", "middle", "middle in a word", "hex", "hex with colons",
        "base64", "base64 after one", "base64 after two", "base64 of user", "backwards", "capitals", "spaced",
        "zero width", "signs between", "in two",
    ],
)  # fmt: skip
def test_a_key_that_is_shown_in_another_form_is_hidden(form):
    assert Redactor([SECRET]).line(f"you sent {spelt(form)} to us") == "you sent *** to us"


@pytest.mark.parametrize(
    "words",
    [
        "incorrect API key provided, you can find yours at https://platform.example.com/account/api-keys",
        "rate limit reached for gpt-4.1-mini in organization org-7Hq2 on tokens per min (TPM): limit 200000",
        "this model's maximum context length is 8192 tokens... please wait ... and try again",
        "keys start with `sk-...`, and yours doesn't; see section 7890 ... of the manual xx 1234",
        "model: claude-sonnet-4-5-20250929 isn't available in region eu-west-1__a; id req_011CSHoEeqs5C35K2UUqR7Fy",
        "messages.0.content: is it to be or not to be as we do it so we go on",
    ],
)
def test_ordinary_messages_stay_as_they_are(words):
    assert Redactor([SECRET, "https://acme-shop.test/app", "My application"]).line(words) == words


def test_hosts_show_no_password():
    assert host_of("https://user:pass@api.example.com:8443/v1") == "api.example.com:8443"
    assert host_of("http://[::1") == "the server"
    assert host_of("nonsense") == "the server"


def test_reasons_of_a_connection_that_failed():
    def chained(cause):
        error = RuntimeError("outer")
        error.__cause__ = cause
        return reason_of(error)

    verify = ssl.SSLCertVerificationError(1, "certificate verify failed")
    verify.verify_message = "self-signed certificate"
    assert chained(verify) == "its certificate isn't trusted (self-signed certificate)"
    wrong = ssl.SSLError(1, "wrong version")
    wrong.reason = "WRONG_VERSION_NUMBER"
    assert chained(wrong) == "no secure connection (wrong version number)"
    assert chained(OSError(111, "Connect call failed ('127.0.0.1', 9)")) == "connection refused"
    assert chained(OSError(-2, "Name or service not known")) == "name or service not known"
    assert chained(ValueError("x")) == ""


def test_one_tls_context_for_the_process():
    assert tls_context() is tls_context()
