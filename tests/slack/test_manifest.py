"""The manifests ask for what the code needs, and for nothing else."""

import ast
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bot.platforms.slack as slack
from bot.platforms.slack.commands import COMMAND
from bot.platforms.slack.http_mode import PATH
from bot.platforms.slack.listeners import Listeners
from bot.platforms.slack.settings import SlackSettings

FOLDER = Path(slack.__file__).parent
# Source: each method's page on docs.slack.dev. What is empty needs a token and no scope.
SCOPES = {
    "agents_sessions_setStatus": {"chat:write"},
    "apps_connections_open": set(),
    "assistant_threads_setSuggestedPrompts": {"assistant:write"},
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_open": {"im:write"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "files_completeUploadExternal": {"files:write"},
    "files_getUploadURLExternal": {"files:write"},
    "usergroups_users_list": {"usergroups:read"},
    "users_conversations": {"channels:read", "groups:read", "im:read"},  # one for each of the types that are asked for
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
    "views_push": set(),
}
EVENT_SCOPES = {
    "agent_session_stopped": set(),
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
}
# Granted with the agent view itself.
AGENT_SCOPES = {"assistant:write"}


def manifest(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text("utf-8"))


both = pytest.mark.parametrize("name", ["manifest.json", "manifest.http.json"])


def methods_used() -> set[str]:
    """Every method of the SDK's client that the code names: `….client.<method>`, `client.<method>`."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and "_" in node.attr and not node.attr.startswith("_"):
                owner = node.value
                name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                if name == "client":
                    found.add(node.attr)
    return (
        found
        - {"retry_handlers", "wss_uri", "connect_operation_lock", "current_session", "web_client", "app_token"}
        - {
            "issue_new_wss_url",
            "is_connected",
            "connect_to_new_endpoint",
        }
    )


def test_every_method_that_is_called_is_known_here_with_its_scopes() -> None:
    assert methods_used() == set(SCOPES)


@both
def test_scopes_are_those_of_the_methods_events_and_the_command(name: str) -> None:
    granted = set(manifest(name)["oauth_config"]["scopes"]["bot"])
    needed = set().union(*SCOPES.values(), *EVENT_SCOPES.values(), {"commands"}, AGENT_SCOPES)

    assert granted == needed


@both
def test_events_are_those_with_a_listener(name: str) -> None:
    subscribed = set(manifest(name)["settings"]["event_subscriptions"]["bot_events"])
    nothing: Any = SimpleNamespace(api=None, editor=None, privacy=None, user_groups=None)
    listeners = Listeners(SlackSettings(), nothing, nothing, nothing, nothing)

    assert subscribed == set(EVENT_SCOPES)
    assert {event.split(".")[0] for event in subscribed} == set(listeners.events)


@both
def test_the_command_is_ours(name: str) -> None:
    assert [command["command"] for command in manifest(name)["features"]["slash_commands"]] == [COMMAND]


def test_the_two_differ_only_in_the_way_in() -> None:
    by_socket, by_http = manifest("manifest.json"), manifest("manifest.http.json")
    assert by_socket["settings"].pop("socket_mode_enabled")
    assert not by_http["settings"].pop("socket_mode_enabled")
    urls = [
        by_http["settings"]["event_subscriptions"].pop("request_url"),
        by_http["settings"]["interactivity"].pop("request_url"),
        by_http["features"]["slash_commands"][0].pop("url"),
    ]

    assert len(set(urls)) == 1
    assert urls[0].endswith(PATH)
    assert by_http == by_socket
