"""Two platforms in one service: each keeps to itself, both are answered from one line."""

from pathlib import Path

from pydantic import SecretStr

from bot.conversation.phrases import phrase
from bot.conversation.settings import AnswerSettings
from bot.platforms.slack.settings import SlackSettings
from bot.sandbox import Sandbox, SandboxSettings
from tests.shelf import Shelf
from tests.web.chat import a_person, listening, running_service, web_settings

GENERAL, HELP_HR, ALICE = "C0GENERAL", "C0HELPHR", "U0ALICE"


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


async def test_people_in_slack_answer_what_was_asked_in_the_browser(data_dir: Path, shelf: Shelf) -> None:
    async with Sandbox(SandboxSettings()) as sandbox:
        slack = SlackSettings(
            api_url=sandbox.api_url, bot_token=SecretStr(sandbox.bot_token), app_token=SecretStr(sandbox.app_token)
        )
        answers = AnswerSettings(ask_channel=HELP_HR)
        settings = web_settings(data_dir).model_copy(update={"slack": slack, "answers": answers})
        async with running_service(settings) as service, a_person(service, "Alice") as alice, listening(alice):
            asked = await alice.ask("may I bring my dog?")
            frame = await alice.final(asked["reply"])
            [offer] = frame["buttons"]
            assert (offer["act"], offer["confirmation"]["title"]) == ("ask_people", phrase("ask_people_title", "en"))

            address = f"/web/replies/{asked['reply']}/ask-people"
            assert await alice.post(address, {}) == (200, {"asked": True})
            assert await alice.post(address, {}) == (200, {"asked": False})
            await alice.until(lambda frame: phrase("people_asked", "en") in frame.get("note", ""))
            [question] = await sandbox.until(lambda: sandbox.messages(HELP_HR))
            await sandbox.post_as("U0DANA", HELP_HR, "Only guide dogs.", question["ts"])

            frame = await alice.until(lambda frame: frame.get("text") == "Only guide dogs.")
            assert frame["thread"] == asked["thread"]
            first, second = await alice.answered(asked["thread"], 2)
            assert (first["is_relayed"], first["reply"]["buttons"]) == (False, [])
            assert (second["is_relayed"], second["reply"]["text"]) == (True, "Only guide dogs.")
            assert second["reply"]["note"] == phrase("relayed", "en", question="may I bring my dog?")
