"""Webhooks against a scripted receiver: signatures, every answer, and what must not happen."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from typing import Any

import pytest
import trustme
from deliveries import a_delivery, an_alert
from servers import WebhookServer
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from monitor.channels import Tools, build, webhook
from monitor.config.shape import ChannelConfig
from monitor.config.values import Secret
from monitor.errors import ConfigError, Gone, Permanent, Temporary, Uncertain

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def a_channel(url: str, tools: Tools | None = None, **changed: object) -> webhook.Webhook:
    options: dict[str, Any] = {"url": url, "allow_private": True, "timeout": "2s"}
    channel, _ = build(ChannelConfig(slug="hook", kind="webhook", options=options | changed), tools or Tools())
    assert isinstance(channel, webhook.Webhook)
    return channel


def attempt(server: WebhookServer, delivery: object = None, **changed: object) -> BaseException | None:
    async def scene() -> BaseException | None:
        async with server:
            channel = a_channel(server.url(), **changed)
            try:
                await channel.send(delivery or a_delivery())
            except (Temporary, Permanent) as error:
                return error
            finally:
                await channel.close()
            return None

    return asyncio.run(scene())


def test_the_standard_library_verifies_our_signature():
    server = WebhookServer()

    assert attempt(server, secret=Secret(SECRET)) is None

    (call,) = server.calls
    assert Verifier(SECRET).verify(call.body, call.headers)["type"] == "alert.created"
    assert a_delivery().public_id == call.id
    with pytest.raises(WebhookVerificationError):
        Verifier(OTHER).verify(call.body, call.headers)


def test_while_secrets_are_rotated_either_verifies():
    server = WebhookServer()

    attempt(server, secret=[Secret(SECRET), Secret(OTHER)])

    for secret in (SECRET, OTHER):
        assert Verifier(secret).verify(server.calls[0].body, server.calls[0].headers)


def test_without_a_secret_there_is_no_signature():
    server = WebhookServer()

    attempt(server)

    assert "webhook-signature" not in server.calls[0].headers
    assert {"webhook-id", "webhook-timestamp"} <= set(server.calls[0].headers)


def test_own_headers_are_sent():
    server = WebhookServer()

    attempt(server, headers={"Authorization": Secret("Bearer abc"), "X-Team": "desk"})

    assert (server.calls[0].headers["authorization"], server.calls[0].headers["x-team"]) == ("Bearer abc", "desk")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_the_acknowledgement(status):
    assert attempt(WebhookServer(answers=[status])) is None


@pytest.mark.parametrize("status", [401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504])
def test_what_may_mend_is_temporary(status):
    error = attempt(WebhookServer(answers=[status]))

    assert type(error) is Temporary
    assert f"http-{status}" == error.kind
    assert "told you so" in str(error)


@pytest.mark.parametrize("status", [400, 405, 413, 415, 422, 451, 501])
def test_what_cannot_mend_is_permanent(status):
    assert type(attempt(WebhookServer(answers=[status]))) is Permanent


def test_410_means_never_again():
    assert type(attempt(WebhookServer(answers=[410]))) is Gone


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_failures_and_are_not_followed(status):
    server = WebhookServer(answers=[(status, {"location": "/elsewhere"}), 200])

    error = attempt(server)

    assert type(error) is Permanent
    assert error.kind == "redirect"
    assert [call.path for call in server.calls] == ["/hook"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), ("0", 0.0), ("Sun, 22 Nov 2026 00:02:00 GMT", 120.0), ("soon", None), ("-5", None), ("", None)],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    now = 1795305600.0  # 2026-11-22T00:00:00Z

    assert seconds == webhook.wait(header, now)


def test_retry_after_reaches_the_outbox():
    error = attempt(WebhookServer(answers=[(429, {"Retry-After": "77"})]))

    assert error.retry_after == 77


def test_no_answer_leaves_the_outcome_unknown():
    assert type(attempt(WebhookServer(answers=[None]), timeout="1s")) is Uncertain


def test_a_dropped_connection_leaves_the_outcome_unknown():
    error = attempt(WebhookServer(answers=["drop"]))

    assert type(error) is Uncertain
    assert error.kind == "disconnected"


def test_a_receiver_that_is_down_was_surely_not_reached():
    async def scene():
        async with WebhookServer() as server:
            url = server.url()
        channel = a_channel(url)
        try:
            with pytest.raises(Temporary) as caught:
                await channel.send(a_delivery())
        finally:
            await channel.close()
        return caught.value

    error = asyncio.run(scene())
    assert (type(error), error.kind, str(error)) == (Temporary, "connect", "cannot connect: Connection refused")


def test_tls_is_verified(tmp_path):
    authority, stranger = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    for name, ca in (("right.pem", authority), ("wrong.pem", stranger)):
        ca.cert_pem.write_to_path(tmp_path / name)

    assert attempt(WebhookServer(tls=context), ca_file=str(tmp_path / "right.pem")) is None
    error = attempt(WebhookServer(tls=context), ca_file=str(tmp_path / "wrong.pem"))
    assert (Temporary, "tls") == (type(error), error.kind)


def test_a_body_is_the_same_at_every_attempt():
    channel = a_channel("https://example.org/hook")

    assert channel.body(a_delivery()) == channel.body(a_delivery())


def test_a_body_template_shapes_the_json(tmp_path):
    path = tmp_path / "slack.j2"
    path.write_text('{"text": {{ (subject ~ " <" ~ (alerts[0].url if alerts else "") ~ ">")|tojson }}}')
    server = WebhookServer()
    title = 'A "quoted" {{ title }}\n"}, {"x": "'

    assert attempt(server, a_delivery(an_alert(title=title)), template=str(path)) is None

    text = json.loads(server.calls[0].body)["text"]
    assert 'A "quoted" {{ title }} "}, {"x": "' in text


@pytest.mark.parametrize("text", ["{% if %}", "{{ nothing.at.all }}"])
def test_a_body_template_that_fails_is_a_fault_at_once(tmp_path, text):
    path = tmp_path / "bad.j2"
    path.write_text(text)

    with pytest.raises(ConfigError, match="template"):
        a_channel("https://example.org/hook", template=str(path))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://10.1.2.3/", "http://[::1]/", "http://0x7f000001/"]
)
def test_a_private_address_is_refused_unless_the_channel_allows_it(url):
    with pytest.raises(ConfigError, match="allow_private"):
        a_channel(url, allow_private=False)
    assert a_channel(url).targets() == (url,)


def test_a_name_that_turns_out_private_is_refused_when_connecting(monkeypatch):
    async def scene():
        async with WebhookServer() as server:
            channel = a_channel(f"http://inside.example:{server.port}/", allow_private=False)
            with pytest.raises(Temporary) as caught:
                await channel.send(a_delivery())
            await channel.close()
            return caught.value, server.calls

    def lookup(host, port, **hints):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    error, calls = asyncio.run(scene())
    assert error.kind == "address"
    assert calls == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/hook", "https://example.org/hook"),
        ("https://me:pass@example.org:8443/hook?token=abc", "https://example.org:8443/hook#"),
        (
            "https://hooks.slack.com/services/T01ABCDEFG/B02HIJKLMN/abcDEF123456",
            "https://hooks.slack.com/services/…/…/…#",
        ),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_what_is_stored_of_an_address_has_no_secret(url, expected):
    shown = webhook.shown(url)

    assert shown.startswith(expected)
    assert "pass" not in shown
    assert shown == webhook.shown(url)
    assert webhook.shown(url) != webhook.shown(url + "?other=1")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "ftp://example.org"}, "http"),
        ({"url": "https://"}, "http"),
        ({"secret": Secret("not base64!")}, "base64"),
        ({"secret": Secret("whsec_c2hvcnQ=")}, "24 to 64"),
        ({"headers": {"webhook-id": "x"}}, "webhook-id"),
        ({"headers": {"X-Bad": "a\r\nb: c"}}, "control"),
        ({"headers": {"X Bad": "a"}}, "X Bad"),
    ],
)
def test_faults_are_found_before_anything_is_sent(change, words):
    options = {"url": "https://example.org/hook"} | change
    with pytest.raises(ConfigError, match=words):
        a_channel(**options)


def test_a_template_that_is_no_text_is_a_fault(tmp_path):
    path = tmp_path / "body.j2"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"template: .*is not UTF-8"):
        a_channel("https://hooks.example.org/x", template=str(path))
