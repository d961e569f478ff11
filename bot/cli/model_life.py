"""Commands of `inthread model` that carry a model to another machine, and that choose the one that answers."""

from pathlib import Path

import click

from bot.cli.options import with_settings
from bot.clock import SystemClock
from bot.log import configure_logging
from bot.settings import Settings


@click.command("bundle")
@click.argument("name", required=False, metavar="[ID]")
@click.option("--out", "target", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Where to write.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@with_settings
def model_bundle(settings: Settings, name: str | None, target: Path, force: bool) -> None:
    """Write a fetched model into one file, for a machine without a network.

    The file is a plain tar with weights, tokenizer, licence and the SHA-256 of each; `inthread model import` reads it.
    """
    from inference import models

    wanted = name or settings.inference.model
    bundle = models.bundle_model(wanted, target, settings.models_dir, replace=force)
    click.echo(
        f"{target}: {bundle.name}, revision {bundle.revision}, {len(bundle.files)} files, {bundle.size >> 20} MB"
    )


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@with_settings
def model_import(settings: Settings, file: Path) -> None:
    """Read a model from a FILE that `inthread model bundle` wrote.

    Every file is checked against its SHA-256. The model is there whole when the command ends well, or not at all.
    """
    from bot.desks.models import record_model_step
    from inference import models
    from storage.model_updates import UpdateStep

    configure_logging(settings.log)
    imported = models.import_bundle(file, settings.models_dir)
    if not imported.was_here:
        record_model_step(
            settings, UpdateStep("import", "done", imported.name, imported.revision, imported.sha256, str(file.name))
        )
    done = "was here already" if imported.was_here else "imported"
    click.echo(f"{imported.name}\t{done}\trevision {imported.revision}\t{imported.size >> 20} MB\t{imported.licence}")
    click.echo(f"SHA-256 of the weights: {imported.sha256}")


@click.command("use")
@click.argument("name", required=False, metavar="[ID]")
@click.option("--back", is_flag=True, help="Return to the model that was active before.")
@with_settings
def model_use(settings: Settings, name: str | None, back: bool) -> None:
    """Make a model the active one, or go back to the one before.

    It counts where settings.toml says `model = "active"`, from the next start on: a running service goes on with the
    model that it has.
    """
    from bot.desks.models import record_model_step
    from inference import models
    from storage.model_updates import UpdateStep

    if back == (name is not None):
        raise click.UsageError("give the ID of a model, or --back")
    configure_logging(settings.log)
    now = SystemClock().now()
    active = (
        models.use_model(name, settings.models_dir, now)
        if name
        else models.use_previous_model(settings.models_dir, now)
    )
    record_model_step(settings, UpdateStep("use", "done", active.name, reason="back" if back else ""))
    before = f"; before: {active.previous.name}" if active.previous else ""
    click.echo(f"active: {active.name}{before}")
    if settings.inference.model == models.ACTIVE:
        click.echo("It answers from the next start of the service on.", err=True)
    else:
        named = settings.inference.model
        click.echo(f'[inference] model names `{named}`: write model = "active" there, then restart.', err=True)
