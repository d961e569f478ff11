"""`inthread completion`: the words that Tab offers."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script for Tab completion in bash or zsh.

    \b
    bash: inthread completion bash > ~/.local/share/bash-completion/completions/inthread
    zsh:  inthread completion zsh > a folder of your $fpath, as _inthread
    """
    make_script = get_completion_class(shell)
    assert make_script is not None
    # Not `source()`: for bash that starts a bash to ask for its version.
    made = make_script(ctx.find_root().command, {}, "inthread", "_INTHREAD_COMPLETE")
    click.echo(made.source_template % made.source_vars())
