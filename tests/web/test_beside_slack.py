"""Two platforms in one service: each keeps to itself, both are answered from one line."""

from pathlib import Path

from pydantic import SecretStr

from bot.platforms.slack.settings import SlackSettings
from bot.sandbox import Sandbox, SandboxSettings
from tests.web.chat import a_person, listening, running_service, web_settings

GENERAL, ALICE = "C0GENERAL", "U0ALICE"


async def test_slack_and_the_browser_are_answered_side_by_side(data_dir: Path) -> None:
    async with Sandbox(SandboxSettings()) as sandbox:
        slack = SlackSettings(
            api_url=sandbox.api_url, bot_token=SecretStr(sandbox.bot_token), app_token=SecretStr(sandbox.app_token)
        )
        settings = web_settings(data_dir).model_copy(update={"slack": slack})
        async with running_service(settings) as service, a_person(service, "Alice") as alice, listening(alice):
            assert await alice.get("/readyz") == (200, {"ready": True, "storage": True, "slack": True, "web": True})
            await sandbox.post_as(ALICE, GENERAL, "<@U0INTHREAD> canary-in-slack")
            asked = await alice.ask("canary-in-browser")
            final = await alice.final(asked["reply"])
            answers = await sandbox.until(
                lambda: [m for m in sandbox.messages(GENERAL) if m["text"].endswith("canary-in-slack. 1 2 3 4 5")]
            )
            assert final["text"].endswith("canary-in-browser. 1 2 3 4 5")
            assert "canary-in-slack" not in str(alice.frames)
            assert "canary-in-browser" not in str(answers)
            assert len((await alice.get("/web/threads"))[1]["threads"]) == 1
