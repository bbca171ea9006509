"""E-mail against a scripted SMTP server: every way it can fail, and what we say of it."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest
import trustme
from deliveries import a_delivery, an_alert
from servers import Script, SmtpServer, ids

from monitor.channels import Tools, build
from monitor.channels.email import Email
from monitor.channels.turns import Turns
from monitor.config.shape import ChannelConfig
from monitor.config.values import Secret
from monitor.errors import ConfigError, Permanent, Temporary, Uncertain


def a_channel(server: SmtpServer, **changed: object) -> Email:
    options: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port or 25,
        "security": "plain",
        "from": "monitor@example.net",
        "to": ["reader@example.org"],
        "timeout": "2s",
    }
    channel, _ = build(ChannelConfig(slug="desk", kind="email", options=options | changed), Tools())
    assert isinstance(channel, Email)
    return channel


def attempt(server: SmtpServer, count: int = 1, **changed: object) -> BaseException | None:
    """Send `count` deliveries; return the error of the last one."""

    async def scene() -> BaseException | None:
        async with server:
            channel = a_channel(server, **changed)
            error: BaseException | None = None
            for number in range(count):
                error = None
                try:
                    await channel.send(a_delivery(public_id=f"{number:032x}"))
                except (Temporary, Permanent) as caught:
                    error = caught
            await channel.close()
            return error

    return asyncio.run(scene())


def always(**changed: Any):
    return lambda recipient, times: Script(**changed)


def opening(**changed: Any):
    return lambda connection: Script(**changed)


def test_one_connection_carries_many_mails():
    server = SmtpServer()

    assert attempt(server, count=20) is None
    assert 20 == len(server.accepted) == len(set(ids(server.accepted)))
    assert server.connections == 1
    assert server.commands[-1] == "QUIT"


@pytest.mark.parametrize(
    ("server", "kind", "words"),
    [
        (SmtpServer(opening=opening(banner="421 too busy")), "smtp-421", "too busy"),
        (SmtpServer(opening=opening(banner="554 go away")), "smtp-554", "go away"),
        (SmtpServer(opening=opening(banner="drop")), "connect", "127.0.0.1"),
        (SmtpServer(opening=opening(mail="451 try later")), "smtp-451", "MAIL refused: 451 try later"),
        (SmtpServer(opening=opening(mail="drop")), "disconnected", "MAIL"),
        (SmtpServer(script=always(rcpt="450 4.2.0 greylisted")), "smtp-450", "greylisted"),
        (SmtpServer(script=always(rcpt="452 mailbox full")), "smtp-452", "mailbox full"),
        (SmtpServer(script=always(rcpt="drop")), "disconnected", "RCPT"),
        (SmtpServer(script=always(data="451 not now")), "smtp-451", "DATA refused"),
        (SmtpServer(script=always(body="451 out of space")), "smtp-451", "DATA refused"),
    ],
)
def test_what_may_mend_is_temporary(server, kind, words):
    error = attempt(server)

    assert type(error) is Temporary
    assert kind == error.kind
    assert words in str(error)
    assert not server.accepted


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        (SmtpServer(opening=opening(mail="550 no such sender")), "smtp-550"),
        (SmtpServer(script=always(rcpt="550 no such user")), "smtp-550"),
        (SmtpServer(script=always(rcpt="551 moved")), "smtp-551"),
        (SmtpServer(script=always(data="554 no")), "smtp-554"),
        (SmtpServer(script=always(body="552 too big")), "smtp-552"),
    ],
)
def test_what_cannot_mend_is_permanent(server, kind):
    error = attempt(server)

    assert type(error) is Permanent
    assert kind == error.kind


@pytest.mark.parametrize("broken", [{"body": "drop"}, {"body": None}])
def test_a_break_after_the_message_leaves_the_outcome_unknown(broken):
    server = SmtpServer(script=always(**broken))

    error = attempt(server, timeout="1s")

    assert type(error) is Uncertain
    assert "after the message was handed over" in str(error)
    assert len(server.mails) == 1


@pytest.mark.parametrize("stage", ["banner", "ehlo", "mail"])
def test_a_server_that_hangs_before_the_message_is_given_up(stage):
    error = attempt(SmtpServer(opening=opening(**{stage: None})), timeout="1s")

    assert type(error) is Temporary
    assert error.kind == "timeout"


def test_a_server_that_is_down_is_temporary():
    error = asyncio.run(_refused())

    assert type(error) is Temporary
    assert error.kind == "connect"


async def _refused() -> BaseException | None:
    async with SmtpServer() as server:
        port = server.port
    gone = SmtpServer(port=port)
    try:
        await a_channel(gone).send(a_delivery())
    except Temporary as error:
        return error
    return None


def test_accepted_and_then_disconnected_is_sent_and_the_next_mail_takes_a_new_connection():
    server = SmtpServer(script=always(drop_after_body=True))

    assert attempt(server, count=3) is None
    assert 3 == len(server.accepted) == server.connections


def test_a_refused_recipient_does_not_cost_the_connection():
    server = SmtpServer(script=lambda recipient, times: Script(rcpt="550 no" if times == 2 else "250 ok"))

    attempt(server, count=3)

    assert len(server.accepted) == 2
    assert server.connections == 1


def test_a_slow_server_is_waited_for():
    server = SmtpServer(script=always(delay=0.3))

    assert attempt(server) is None


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def server_tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("login", [None, ("monitor", "open sesame")])
def test_tls_and_login(security, login, server_tls, ca_file):
    server = SmtpServer(tls=server_tls, implicit=security == "tls", login=login)
    account = {"username": login[0], "password": Secret(login[1])} if login else {}

    assert attempt(server, security=security, ca_file=ca_file, **account) is None
    assert len(server.accepted) == 1
    assert bool(login) == any(command.startswith("AUTH") for command in server.commands)


def test_a_wrong_password_is_told_and_may_mend(server_tls, ca_file):
    server = SmtpServer(tls=server_tls, login=("monitor", "right"))

    error = attempt(server, security="starttls", ca_file=ca_file, username="monitor", password=Secret("wrong"))

    assert ("auth", Temporary) == (error.kind, type(error))
    assert "check username and password" in str(error)
    assert "wrong" not in str(error)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_unknown_certificate_is_refused(security, server_tls):
    server = SmtpServer(tls=server_tls, implicit=security == "tls")

    error = attempt(server, security=security)

    assert error.kind == "tls"
    assert "ca_file" in str(error)
    assert not server.mails


def test_starttls_is_never_left_out():
    server = SmtpServer()

    error = attempt(server, security="starttls")

    assert error.kind == "tls"
    assert not server.mails


def test_each_recipient_is_a_target_of_its_own():
    channel = a_channel(SmtpServer(), to=["a@example.org", "b@münchen.example", "a@example.org"])

    assert channel.targets() == ("a@example.org", "b@xn--mnchen-3ya.example")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"to": []}, "names no recipient"),
        ({"to": ["nobody"]}, "'nobody' is not a mail address"),
        ({"to": ["a@example.org\r\nBcc: b@example.org"]}, "is not a mail address"),
        ({"to": ["a@example.org, b@example.org"]}, "is not a mail address"),
        ({"to": ["Reader <a@example.org>"]}, "is not a mail address"),
        ({"from": "x@"}, "is not a mail address"),
        ({"username": "me"}, "both username and password"),
        ({"host": "mail.example.org", "username": "me", "password": Secret("x")}, "in the clear"),
        ({"connections": 0}, "at least 1"),
        ({"security": "ssl"}, "must be"),
        ({"templates": "/nowhere/at/all"}, "no such folder"),
        ({"ca_file": "/nowhere/at/all"}, "cannot read"),
    ],
)
def test_faults_are_found_before_anything_is_sent(change, words):
    with pytest.raises(ConfigError, match=words):
        a_channel(SmtpServer(), **change)


def test_templates_can_be_replaced_and_never_run_feed_text(tmp_path):
    (tmp_path / "mail.txt.j2").write_text("Look: {% for alert in alerts %}{{ alert.title }}{% endfor %}")
    channel = a_channel(SmtpServer(), templates=str(tmp_path))
    server_side = "{{ 7*7 }} {% raw %} {{ alerts }}"

    raw = channel.message(a_delivery(an_alert(title=server_side)))

    assert b"Look: {{ 7*7 }} {% raw %} {{ alerts }}" in raw


@pytest.mark.parametrize("text", ["{{ delivery.nothing }}", "{{ ''.__class__.__mro__ }}", "{{ 1/0 }}"])
def test_a_template_that_fails_is_a_fault_before_anything_is_sent(tmp_path, text):
    (tmp_path / "mail.txt.j2").write_text(text)

    with pytest.raises(ConfigError, match="templates"):
        a_channel(SmtpServer(), templates=str(tmp_path))


def test_a_template_that_does_not_parse_is_a_fault(tmp_path):
    (tmp_path / "mail.html.j2").write_text("{% if %}")

    with pytest.raises(ConfigError, match=r"mail.html.j2, line 1"):
        a_channel(SmtpServer(), templates=str(tmp_path))


def test_recipients_that_hang_delay_no_other() -> None:
    """Sixteen mails to four recipients whose RCPT is never answered hold every connection that there is."""

    async def scene() -> float:
        server = SmtpServer(
            script=lambda recipient, times: Script(rcpt=None if recipient.startswith("hung") else "250 ok")
        )
        async with server:
            channel = a_channel(server, timeout="60s")
            channel._turns = Turns(4, patience=0.1)
            hung = [
                asyncio.create_task(channel.send(a_delivery(public_id=f"{n:032x}", target=f"hung{n % 4}@example.org")))
                for n in range(16)
            ]
            await asyncio.sleep(0.05)
            began = asyncio.get_running_loop().time()
            for number in range(100, 105):
                await channel.send(a_delivery(public_id=f"{number:032x}", target="well@example.org"))
            spent = asyncio.get_running_loop().time() - began
            for task in hung:
                task.cancel()
            await asyncio.gather(*hung, return_exceptions=True)
            await channel.close()
            assert len(server.accepted) == 5
            return spent

    assert asyncio.run(scene()) < 5


def test_a_server_that_is_not_there_is_named_with_its_fault() -> None:
    async def scene() -> str:
        server = SmtpServer()
        async with server:
            pass  # its port is free again
        channel = a_channel(server)
        with pytest.raises(Temporary) as caught:
            await channel.send(a_delivery())
        await channel.close()
        return str(caught.value).replace(str(server.port), "PORT")

    assert asyncio.run(scene()) == "cannot reach 127.0.0.1:PORT: Connection refused"


def test_a_template_that_is_no_text_is_a_fault(tmp_path):
    (tmp_path / "mail.txt.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"templates: a template in .* cannot be read"):
        a_channel(SmtpServer(), templates=str(tmp_path))
