"""The command line: parse, call, print. Exit code 0 for success, 2 for wrong use, 1 for failure with one line why.

One module for each family of commands; here is what they hang on.
"""

from importlib.metadata import version as installed_version

import click

from bot.cli.admin import admin
from bot.cli.audit import audit
from bot.cli.completion import completion
from bot.cli.database import db
from bot.cli.docs import docs
from bot.cli.faq import faq
from bot.cli.models import model
from bot.cli.operating import doctor, settings, status, version
from bot.cli.options import short_help
from bot.cli.serving import ask, run, sandbox
from bot.cli.threads import thread

SECTIONS = {
    "Answer questions": (run, sandbox, ask),
    "What it knows": (faq, docs),
    "Look after it": (doctor, status, settings, admin, version),
    "Data and models": (db, thread, audit, model),
    "Terminal": (completion,),
}


class Sections(click.Group):
    """A group whose help shows its commands by what they are for."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(len(name) for name in self.commands)
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{command.name or '':{widest}}", short_help(command)) for command in commands])


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(installed_version("inthread"), message="inthread %(version)s")
def main() -> None:
    """Answers questions in the thread where they were asked, with a chat model on this machine's CPU.

    Begin with `inthread model fetch smollm2-135m-instruct`, then `inthread run --sandbox`, and open the address that it
    prints. When something does not work, `inthread doctor` says what to do.
    """


for _commands in SECTIONS.values():
    for _command in _commands:
        main.add_command(_command)
