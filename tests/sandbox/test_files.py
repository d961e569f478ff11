"""Files into a channel: Slack's own SDK does it whole, and each step alone refuses what Slack refuses."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.examination import manifest_scopes
from bot.sandbox import Fault, Sandbox, SandboxSettings
from bot.sandbox.settings import BOT_SCOPES

from .conftest import ALICE, ManualClock

CONTENT = "年假".encode()


@pytest.fixture
def dm(sandbox: Sandbox) -> str:
    return sandbox.dm_with(ALICE)


async def upload(url: str, content: bytes) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=content) as response:
        return response.status


async def refusal(awaitable: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return dict(caught.value.response.data)


async def test_the_sdk_uploads_a_file_with_its_comment(sandbox: Sandbox, client: AsyncWebClient, dm: str) -> None:
    await client.files_upload_v2(channel=dm, content=CONTENT, filename="own data.json", initial_comment="<all> of it")
    [message] = sandbox.messages(dm)
    assert message["text"] == "&lt;all&gt; of it"
    [file] = message["files"]
    assert (file["name"], file["size"], file["mimetype"]) == ("own data.json", 6, "application/json")
    async with aiohttp.ClientSession() as session, session.get(file["url_private"]) as response:
        assert await response.read() == CONTENT
        assert response.headers["Content-Disposition"] == "attachment"


async def test_a_wrong_length_is_not_taken_and_cannot_be_finished(
    sandbox: Sandbox, client: AsyncWebClient, dm: str
) -> None:
    place = await client.files_getUploadURLExternal(filename="a.json", length=len(CONTENT))
    for wrong in (CONTENT[:-1], CONTENT + b"x", b""):
        assert await upload(place["upload_url"], wrong) == 400
    files = [{"id": place["file_id"], "title": "a"}]
    finish = client.files_completeUploadExternal
    assert (await refusal(finish(files=files, channel_id=dm)))["error"] == "file_not_found"
    assert await upload(place["upload_url"], CONTENT) == 200
    assert await upload(place["upload_url"], CONTENT) == 404  # once
    assert (await refusal(finish(files=files, channel_id="C0RANDOM")))["error"] == "not_in_channel"
    await finish(files=files, channel_id=dm)
    assert (await refusal(finish(files=files, channel_id=dm)))["error"] == "file_not_found"
    assert len(sandbox.messages(dm)) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filename": "", "length": 5}, "invalid_arguments"),
        ({"filename": "a.json", "length": 0}, "invalid_length"),
        ({"filename": "a.json", "length": "x"}, "invalid_length"),
        ({"filename": "a.json", "length": 10**9 + 1}, "file_upload_size_restricted"),
    ],
)
async def test_what_cannot_be_a_file_is_refused(client: AsyncWebClient, arguments: dict[str, Any], error: str) -> None:
    assert (await refusal(client.files_getUploadURLExternal(**arguments)))["error"] == error


async def test_without_the_scope_it_says_which(clock: ManualClock) -> None:
    settings = SandboxSettings(scopes=BOT_SCOPES - {"files:write"})
    async with Sandbox(settings, clock=clock) as sandbox:
        client = AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])
        refused = await refusal(client.files_getUploadURLExternal(filename="a.json", length=1))
        assert (refused["error"], refused["needed"]) == ("missing_scope", "files:write")
        assert "files:write" not in refused["provided"]
        granted = (await client.auth_test()).headers["X-OAuth-Scopes"]
    assert set(granted.split(",")) == BOT_SCOPES - {"files:write"}


async def test_an_upload_fails_on_purpose(sandbox: Sandbox, client: AsyncWebClient) -> None:
    sandbox.faults.add(Fault("server_error", "upload", times=1, status=502))
    place = await client.files_getUploadURLExternal(filename="a.json", length=len(CONTENT))
    assert await upload(place["upload_url"], CONTENT) == 502
    assert await upload(place["upload_url"], CONTENT) == 200


def test_the_workspace_grants_what_the_manifest_asks_for() -> None:
    assert manifest_scopes() == BOT_SCOPES
