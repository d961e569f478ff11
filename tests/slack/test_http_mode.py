"""Events, clicks and commands over real HTTP: signed ones are answered, all others are nothing."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.delivery.intake import Intake, IntakeClosed
from bot.errors import StartFailed
from bot.platforms.slack.http_mode import MOST_BODY_BYTES, PATH, HttpMode
from bot.platforms.slack.settings import SlackSettings
from tests.clock import ManualClock
from tests.scenarios.house import ALICE, GENERAL, US, House, scripted

# Slack's own example. Source: docs.slack.dev/authentication/verifying-requests-from-slack.
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
EXAMPLE_TIME = 1531420618
EXAMPLE = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a1"
    b"4d10d2c447fce8b6703c"
)
EXAMPLE_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
HTTP = {"mode": "http", "signing_secret": SECRET, "app_token": ""}


@dataclass
class Door:
    """The route alone, with no app behind it: 503 is what passes."""

    client: TestClient
    clock: ManualClock

    async def knock(self, body: bytes, timestamp: str, signature: str, kind: str = FORM) -> int:
        headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature, "Content-Type": kind}
        async with self.client.post(PATH, data=body, headers=headers) as response:
            return response.status


class ExampleClock(ManualClock):
    """Stands at the time of Slack's example, `shift` seconds off."""

    shift = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(EXAMPLE_TIME + self.shift, UTC)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    clock = ExampleClock()
    app = web.Application()
    app.router.add_routes(HttpMode(SECRET, clock).routes())
    async with TestClient(TestServer(app)) as client:
        yield Door(client, clock)


def signed(body: bytes, timestamp: int) -> str:
    base = b"v0:" + str(timestamp).encode() + b":" + body
    return "v0=" + hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest()


# ── the signature ────────────────────────────────────────────────────────────


async def test_slacks_own_example_passes(door: Door) -> None:
    assert await door.knock(EXAMPLE, str(EXAMPLE_TIME), EXAMPLE_SIGNATURE) == 503


@pytest.mark.parametrize("position", range(0, len(EXAMPLE), 37))
async def test_a_flipped_bit_of_the_body_does_not(door: Door, position: int) -> None:
    altered = bytearray(EXAMPLE)
    altered[position] ^= 1

    assert await door.knock(bytes(altered), str(EXAMPLE_TIME), EXAMPLE_SIGNATURE) == 401


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v0=",
        EXAMPLE_SIGNATURE[:-1],
        EXAMPLE_SIGNATURE[:-1] + "4",
        EXAMPLE_SIGNATURE.upper(),
        "v1" + "0" * 64,
        "v0=é",
    ],
)
async def test_another_signature_does_not(door: Door, signature: str) -> None:
    assert await door.knock(EXAMPLE, str(EXAMPLE_TIME), signature) == 401


@pytest.mark.parametrize(("shift", "status"), [(-301, 401), (-299, 503), (299, 503), (301, 401), (86_400, 401)])
async def test_five_minutes_either_way_and_no_more(door: Door, shift: float, status: int) -> None:
    door.clock.shift = shift  # type: ignore[attr-defined]

    assert await door.knock(EXAMPLE, str(EXAMPLE_TIME), EXAMPLE_SIGNATURE) == status


@pytest.mark.parametrize(
    "timestamp", ["", "now", "-1531420618", "1531420618.5", "９", "9" * 5_000, str(EXAMPLE_TIME + 1)]
)
async def test_another_time_does_not(door: Door, timestamp: str) -> None:
    assert await door.knock(EXAMPLE, timestamp, EXAMPLE_SIGNATURE) == 401


async def test_no_headers_at_all(door: Door) -> None:
    async with door.client.post(PATH, data=EXAMPLE) as response:
        assert response.status == 401


# ── the body ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", JSON),
        (b"{", JSON),
        (b"[]", JSON),
        (b"7", JSON),
        (b"null", JSON),
        (b'"text"', JSON),
        (b"{}", JSON),
        (b'{"team": 7, "event": "x", "authorizations": 3}', JSON),
        (b"payload=%7B", FORM),
        (b"payload=[]", FORM),
        (b"[" * 10_000, JSON),
        (b"", FORM),
    ],
)
async def test_signed_nonsense_is_refused(door: Door, body: bytes, kind: str) -> None:
    assert await door.knock(body, str(EXAMPLE_TIME), signed(body, EXAMPLE_TIME), kind) == 400


async def test_what_is_not_text_is_refused(door: Door) -> None:
    body = b"\xff\xfe\x00"

    assert await door.knock(body, str(EXAMPLE_TIME), signed(body, EXAMPLE_TIME), JSON) == 401


async def test_too_much_is_refused(door: Door) -> None:
    body = b"x" * (MOST_BODY_BYTES + 1)

    assert await door.knock(body, str(EXAMPLE_TIME), signed(body, EXAMPLE_TIME), JSON) == 413


async def test_only_posts(door: Door) -> None:
    async with door.client.get(PATH) as response:
        assert response.status == 405


# ── the service ──────────────────────────────────────────────────────────────


async def send(house: House, body: bytes, kind: str, timestamp: int | None = None) -> tuple[int, str]:
    """As Slack does, signed now."""
    timestamp = int(house.clock.timestamp()) if timestamp is None else timestamp
    headers = {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": signed(body, timestamp),
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(house.url + PATH, data=body, headers=headers) as response,
    ):
        return response.status, await response.text()


def event(house: House, ts: str, text: str, **changes: object) -> bytes:
    message = {"type": "message", "channel": GENERAL, "channel_type": "channel", "user": ALICE, "ts": ts, "text": text}
    body = {"type": "event_callback", "team_id": "T0NORTHWIND", "event_id": "Ev1", "event": {**message, **changes}}
    return json.dumps(body).encode()


async def test_a_question_is_answered_once_however_often_it_comes(house: House) -> None:
    await house.start(slack=HTTP)
    ts = await house.ask(ALICE, GENERAL, "over http")
    body = event(house, ts, f"<@{US}> over http")

    assert [(await send(house, body, JSON))[0] for _ in range(3)] == [200] * 3
    mention = event(house, ts, f"<@{US}> over http", type="app_mention")
    assert (await send(house, mention, JSON))[0] == 200

    assert await house.answered(GENERAL, ts) == [scripted("over http")]
    await house.stop()
    assert len(house.ours(GENERAL)) == 1


async def test_a_command_is_answered_and_its_replay_is_not(house: House) -> None:
    await house.start(slack=HTTP)
    interactions = house.sandbox._interactions
    form = {
        "team_id": "T0NORTHWIND",
        "channel_id": GENERAL,
        "user_id": ALICE,
        "command": "/faq",
        "text": "by form",
        "trigger_id": "1.2.abc",
        "response_url": interactions._response_url(GENERAL, ALICE),
    }
    body = urlencode(form).encode()

    status, receipt = await send(house, body, FORM)
    assert (status, json.loads(receipt)["response_type"]) == (200, "ephemeral")
    assert await send(house, body, FORM) == (200, "")

    await house.until(lambda: house.sandbox.ephemerals(GENERAL, ALICE))
    await house.stop()
    (answer,) = house.sandbox.ephemerals(GENERAL, ALICE)
    assert answer["text"] == scripted("by form")


async def test_a_click_arrives(house: House) -> None:
    await house.start(slack=HTTP, scripted={"words": 2_000, "words_per_second": 50})
    ts = await house.ask(ALICE, GENERAL, "stop me")
    await send(house, event(house, ts, f"<@{US}> stop me"), JSON)
    await house.until(lambda: house.ours(GENERAL, ts))
    (reply,) = house.ours(GENERAL, ts)
    button = next(block for block in reply["blocks"] if block["type"] == "actions")["elements"][0]
    payload = {
        "type": "block_actions",
        "team": {"id": "T0NORTHWIND"},
        "user": {"id": ALICE},
        "container": {"type": "message", "message_ts": reply["ts"], "channel_id": GENERAL},
        "actions": [{**button, "block_id": "inthread_controls"}],
    }

    assert (await send(house, urlencode({"payload": json.dumps(payload)}).encode(), FORM))[0] == 200
    await house.answered(GENERAL, ts)


async def test_slack_may_verify_the_url(house: House) -> None:
    await house.start(slack=HTTP)
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}).encode()

    status, answer = await send(house, body, JSON)
    assert (status, json.loads(answer)) == (200, {"challenge": "3eZbrw1aB"})


async def test_what_is_old_is_refused_and_what_is_unknown_is_acknowledged(house: House) -> None:
    await house.start(slack=HTTP)
    body = event(house, "1.0", "x", type="team_join")

    assert (await send(house, body, JSON, int(house.clock.timestamp()) - 400))[0] == 401
    assert (await send(house, body, JSON))[0] == 200


async def test_what_is_not_committed_is_not_acknowledged(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> bool:
        raise IntakeClosed

    monkeypatch.setattr(Intake, "accept", refuse)
    await house.start(slack=HTTP)

    assert (await send(house, event(house, "1.0", f"<@{US}> lost?"), JSON))[0] == 500


async def test_no_socket_is_opened_and_readiness_is_told(house: House) -> None:
    await house.start(slack=HTTP)
    async with aiohttp.ClientSession() as session, session.get(f"{house.url}/readyz") as response:
        assert (await response.json())["slack"] is True
    assert not [call for call in house.sandbox.calls if call.method == "apps.connections.open"]


async def test_socket_mode_has_no_such_route(house: House) -> None:
    await house.start()

    assert (await send(house, event(house, "1.0", "x"), JSON))[0] in (404, 405)


async def test_without_the_secret_the_start_fails_with_what_is_missing(house: House) -> None:
    with pytest.raises(StartFailed, match=r"no SLACK_SIGNING_SECRET.*mode = \"http\""):
        await house.start(slack={**HTTP, "signing_secret": ""})


@pytest.mark.parametrize(
    ("settings", "is_on"),
    [
        ({"mode": "http", "bot_token": "xoxb-1"}, True),
        ({"mode": "http", "app_token": "xapp-1"}, False),
        ({"mode": "socket", "bot_token": "xoxb-1", "signing_secret": "s"}, False),
        ({"mode": "socket", "bot_token": "xoxb-1", "app_token": "xapp-1"}, True),
        ({"mode": "http", "bot_token": "xoxb-1", "enabled": False}, False),
    ],
)
def test_slack_is_on_when_the_mode_has_its_tokens(settings: dict[str, Any], is_on: bool) -> None:
    assert SlackSettings.model_validate(settings).is_on is is_on
