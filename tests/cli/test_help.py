"""Every command explains itself, and wrong use is told apart from failure."""

import click
import pytest

from bot.cli import SECTIONS, main
from tests.cli.conftest import Run


def paths(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    below = command.commands.items() if isinstance(command, click.Group) else ()
    return [path, *(found for name, child in below for found in paths(child, (*path, name)))]


@pytest.mark.parametrize("path", paths(main), ids=" ".join)
def test_every_command_says_what_it_is_for(run: Run, path: tuple[str, ...]) -> None:
    result = run(*path, "--help")

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 3
    assert "..." not in result.stdout.partition("\n")[2], "nothing is cut"
    assert run(*path, "--nonsense").exit_code == 2


def test_the_help_lists_every_command_once_with_a_whole_sentence() -> None:
    listed = [command for commands in SECTIONS.values() for command in commands]

    assert sorted(command.name or "" for command in listed) == sorted(main.commands)
    assert [command.name for command in listed if not command.get_short_help_str(80).endswith((".", "'"))] == []


def test_completion_scripts_call_the_program_back(run: Run) -> None:
    for shell in ("bash", "zsh"):
        script = run("completion", shell)
        assert script.exit_code == 0
        assert f"_INTHREAD_COMPLETE={shell}_complete" in script.stdout
    assert run("completion", "csh").exit_code == 2


def test_versions_name_what_answers_and_what_keeps(run: Run) -> None:
    result = run("version")

    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()][:3] == ["inthread", "python", "sqlite"]
    assert "torch" in run("version", "--json").stdout
