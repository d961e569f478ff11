"""What the browser chat refuses: strangers, other sites, other people's threads, malformed requests."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.errors import StartFailed
from bot.platforms.web.sessions import load_key
from storage.transcripts import TranscriptStore
from tests.web.chat import Person, RunningService, a_person, header_of, listening, running_service, web_settings

SIGNED_IN_ONLY = ["GET threads", "GET threads/" + "t" * 22, "GET stream", "POST questions"]
SIGNED_IN_ONLY += ["GET own-data", "GET own-data/file", "POST own-data/erase", "POST notice"]
SIGNED_IN_ONLY += [f"POST replies/{'0' * 8}-0000-0000-0000-{'0' * 12}/{act}" for act in ("stop", "again")]
COOKIES = ["", "x", "a.b.c", "é", "\udcff", "eyJpZCI6IngiLCJuYW1lIjoieCJ9.aaaa.bbbb", "." * 5000]


@pytest.mark.parametrize("route", SIGNED_IN_ONLY)
@pytest.mark.parametrize("cookie", COOKIES)
async def test_without_a_true_cookie_nothing_is_shown_or_taken(
    service: RunningService, route: str, cookie: str
) -> None:
    method, path = route.split()
    body = json.dumps({"text": "x", "nonce": "n" * 16}).encode()
    status, _ = await raw(service, method, f"/web/{path}", body, cookie=cookie)
    assert status == 401


async def test_a_cookie_that_was_altered_is_nobodys(alice: Person) -> None:
    [cookie] = list(alice.session.cookie_jar)
    # Not the last letter: two of its bits say nothing.
    for position in range(0, len(cookie.value) - 1, 7):
        letter = "A" if cookie.value[position] != "A" else "B"
        forged = cookie.value[:position] + letter + cookie.value[position + 1 :]
        async with aiohttp.ClientSession(cookies={}) as session:
            headers = {"Cookie": f"inthread={forged}"}
            async with session.get(f"{alice.url}/web/threads", headers=headers) as response:
                assert response.status == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(service: RunningService) -> None:
    attributes = await header_of(service, "Set-Cookie")
    assert attributes.startswith("inthread=")
    assert "HttpOnly" in attributes
    assert "SameSite=Strict" in attributes
    assert "Secure" not in attributes


async def test_over_https_the_cookie_stays_on_https(data_dir: Path) -> None:
    async with running_service(web_settings(data_dir, public_url="https://chat.example.com")) as service:
        attributes = await header_of(service, "Set-Cookie")
    assert attributes.startswith("__Host-inthread=")
    assert "Secure" in attributes
    assert "Path=/;" in attributes + ";"


async def test_another_persons_thread_is_not_found(alice: Person, service: RunningService) -> None:
    asked = await alice.ask("my salary")
    await alice.answered(asked["thread"])
    async with a_person(service, "Alice") as other:  # the name alone opens nothing
        assert (await other.get(f"/web/threads/{asked['thread']}"))[0] == 404
        assert (await other.get("/web/threads"))[1]["threads"] == []
        assert (await other.get(f"/web/threads?before={asked['thread']}"))[1]["threads"] == []
        body = {"text": "and mine?", "thread": asked["thread"], "nonce": "n" * 16}
        assert (await other.post("/web/questions", body))[0] == 404
        for act in ("stop", "again"):
            assert (await other.post(f"/web/replies/{asked['reply']}/{act}", {"nonce": "n" * 16}))[0] == 404
    assert len(await alice.turns(asked["thread"])) == 1


async def test_nobody_hears_what_others_are_told(service: RunningService) -> None:
    people = [f"canary{number}" for number in range(6)]

    async def use(name: str) -> list[dict[str, object]]:
        async with a_person(service, name) as person, listening(person):
            for turn in range(3):
                asked = await person.ask(f"{name} asks {turn}")
                await person.final(asked["reply"])
            return person.frames

    for name, frames in zip(people, await asyncio.gather(*map(use, people)), strict=True):
        told = json.dumps(frames)
        assert name in told
        assert [other for other in people if other != name and other in told] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://[broken"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.evil.example"},
    ],
)
async def test_requests_from_other_sites_are_refused(alice: Person, headers: dict[str, str]) -> None:
    body = {"text": "x", "nonce": "n" * 16}
    asked = await alice.ask("still here?")
    for path in (
        "questions",
        "sign-in",
        "sign-out",
        "own-data/erase",
        "notice",
        f"replies/{'0' * 8}-0000-0000-0000-{'0' * 12}/stop",
    ):
        assert (await alice.post(f"/web/{path}", body, headers=headers))[0] == 403
    for path in ("threads", "own-data", "own-data/file"):
        assert (await alice.get(f"/web/{path}", headers=headers))[0] == 403
    assert [one["thread"] for one in (await alice.get("/web/threads"))[1]["threads"]] == [asked["thread"]]


async def test_our_own_page_is_let_in(alice: Person) -> None:
    headers = {"Origin": alice.url, "Sec-Fetch-Site": "same-origin"}
    assert (await alice.post("/web/questions", {"text": "x", "nonce": "n" * 16}, headers=headers))[0] == 202


NONCE = '"nonce": "nnnnnnnnnnnnnnnn"'
MALFORMED: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b"null", 400),
    (b'"text"', 400),
    (b"\xff\xfe{}", 400),
    (b"[" * 50_000, 400),
    (b'{"text": 1' + b"1" * 5_000 + b"}", 400),
    (b"{}", 400),
    (b'{"text": "x"}', 400),
    (b'{"text": "x", "nonce": 5}', 400),
    (b'{"text": "x", "nonce": "short"}', 400),
    (b'{"text": "x", "nonce": "nnnnnnnnnnnnnnn\\u0000"}', 400),
    (b'{"text": "x", "nonce": "' + b"n" * 65 + b'"}', 400),
    (f'{{"text": null, {NONCE}}}'.encode(), 400),
    (f'{{"text": ["x"], {NONCE}}}'.encode(), 400),
    (f'{{"text": "x", "thread": 7, {NONCE}}}'.encode(), 404),
    (f'{{"text": "x", "thread": "../../etc", {NONCE}}}'.encode(), 404),
    (f'{{"text": "x", "thread": "{"t" * 22}", {NONCE}}}'.encode(), 404),
    (f'{{"text": "{"x" * 20_001}", {NONCE}}}'.encode(), 413),
    (f'{{"text": "{"x" * 300_000}", {NONCE}}}'.encode(), 413),
    (f'{{"text": "a\\ud800b \\u0000c \\udfff", {NONCE}}}'.encode(), 202),
    (f'{{"text": "\\u0000", {NONCE}}}'.encode(), 202),
]


@pytest.mark.parametrize(("body", "expected"), MALFORMED, ids=range(len(MALFORMED)))
async def test_malformed_questions_are_told_so(alice: Person, body: bytes, expected: int) -> None:
    headers = {"Content-Type": "application/json"}
    async with alice.session.post(alice.url + "/web/questions", data=body, headers=headers) as response:
        assert response.status == expected
        answer = await response.json()
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    if expected == 202:
        await alice.answered(answer["thread"])
    else:
        assert answer["message"]
        assert (await alice.get("/web/threads"))[1]["threads"] == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "é"])
async def test_only_json_is_taken(alice: Person, kind: str) -> None:
    body = json.dumps({"text": "x", "nonce": "n" * 16}).encode()
    async with alice.session.post(alice.url + "/web/questions", data=body, headers={"Content-Type": kind}) as response:
        assert response.status == 415


@pytest.mark.parametrize("charset", ["utf-16", "bogus", "\x22"])
async def test_the_charset_that_is_claimed_does_not_matter(alice: Person, charset: str) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}
    body = json.dumps({"text": "x", "nonce": "n" * 16}).encode()
    async with alice.session.post(alice.url + "/web/questions", data=body, headers=headers) as response:
        assert response.status in (202, 400, 415)


@pytest.mark.parametrize(
    "path",
    [
        "/web/threads/%00",
        "/web/threads/%ff%fe",
        "/web/threads/" + "x" * 3000,
        "/web/threads?before=%00",
        "/web/threads?before=..%2f",
        "/web/nothing",
        "/web/page/index.html",
        "/web/page/..%2fapi.py",
        "/web/page/%2e%2e/api.py",
    ],
)
async def test_what_is_not_there_is_not_found(service: RunningService, alice: Person, path: str) -> None:
    cookie = next(iter(alice.session.cookie_jar)).value
    status, _ = await raw(service, "GET", path, cookie=cookie)
    assert status == 404


@pytest.mark.parametrize("before", ["0", "-1", "x", "1e3", "99999999999999999999", "%00"])
async def test_a_page_that_cannot_be_is_refused(service: RunningService, alice: Person, before: str) -> None:
    thread = (await alice.ask("x"))["thread"]
    cookie = next(iter(alice.session.cookie_jar)).value
    status, _ = await raw(service, "GET", f"/web/threads/{thread}?before={before}", cookie=cookie)
    assert status == 400


@pytest.mark.parametrize("name", [None, 5, "", "   ", "\u200b", "\x00", "x" * 61, ["Alice"]])
async def test_a_name_that_is_none_is_refused(service: RunningService, name: object) -> None:
    async with a_person(service) as nobody:
        assert (await nobody.post("/web/sign-in", {"name": name}))[0] == 400
        assert (await nobody.get("/web/me"))[1] == {"user": None}


async def test_too_many_questions_at_once_are_told_when_to_come_back(data_dir: Path) -> None:
    settings = web_settings(data_dir, questions_per_minute=2)
    async with running_service(settings) as service, a_person(service, "Alice") as alice:
        await alice.ask("one")
        await alice.ask("two")
        body = {"text": "three", "nonce": "n" * 16}
        async with alice.session.post(service.url + "/web/questions", json=body) as response:
            assert response.status == 429
            assert 1 <= int(response.headers["Retry-After"]) <= 61
            assert (await response.json())["error"] == "too_many"


async def test_one_person_cannot_hold_all_streams(alice: Person) -> None:
    timeout = aiohttp.ClientTimeout(None)
    streams = [await alice.session.get(alice.url + "/web/stream", timeout=timeout) for _ in range(13)]
    assert [stream.status for stream in streams] == [200] * 12 + [429]
    for stream in streams:
        stream.close()


async def test_signing_out_forgets_the_cookie(alice: Person) -> None:
    assert (await alice.post("/web/sign-out", {}))[0] == 200
    assert (await alice.get("/web/threads"))[0] == 401


async def test_a_mistake_of_ours_is_an_incident_and_not_a_traceback(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("canary-in-the-error")

    monkeypatch.setattr(TranscriptStore, "threads_of", fail)
    with capture_logs() as logs:
        status, body = await alice.get("/web/threads")
    assert (status, body["error"]) == (500, "failed")
    [line] = [line for line in logs if line["event"] == "web_request_failed"]
    assert line["incident"] in body["message"]
    assert "canary" not in json.dumps(body)


async def test_the_log_says_what_was_accepted_and_not_who_asked(
    service: RunningService, alice: Person, data_dir: Path
) -> None:
    """Everybody has a channel of their own, and its name is their id: logs outlive an erasure."""
    with capture_logs() as logs:
        thread = (await alice.ask("How many days?"))["thread"]
        await alice.answered(thread)

    with closing(sqlite3.connect(data_dir / "inthread.db")) as database:
        ((user,),) = database.execute("SELECT DISTINCT user FROM inbox").fetchall()
    assert "accepted" in [line["event"] for line in logs]
    assert user not in json.dumps(logs, default=str)


async def test_a_stream_is_only_opened_to_be_read(service: RunningService, alice: Person) -> None:
    cookie = next(iter(alice.session.cookie_jar)).value
    status, _ = await raw(service, "HEAD", "/web/stream", cookie=cookie)
    assert status == 404


def test_the_key_is_made_once_and_for_the_service_alone(tmp_path: Path) -> None:
    path = tmp_path / "web.key"
    key = load_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path) == key
    assert len(key) == 32
    path.chmod(0o644)
    assert load_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "web.key").write_bytes(b"")
    with pytest.raises(StartFailed, match="damaged: delete it"):
        load_key(tmp_path / "web.key")
    with pytest.raises(StartFailed, match="check the permissions"):
        load_key(tmp_path / "no" / "web.key")


async def raw(
    service: RunningService, method: str, path: str, body: bytes = b"", *, cookie: str = ""
) -> tuple[int, bytes]:
    """A request as it stands, bytes that no client library would send included."""
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Type: application/json\r\nCookie: inthread={cookie}\r\n\r\n"
    writer.write(head.encode("utf-8", "surrogateescape") + body)
    await writer.drain()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return int(answer.split()[1]), answer
