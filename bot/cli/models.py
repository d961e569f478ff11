"""Commands about models: `inthread model …`."""

from pathlib import Path

import click

from bot.cli.model_life import model_bundle, model_import, model_use
from bot.cli.options import Commands, with_settings
from bot.settings import Settings


@click.group(cls=Commands)
def model() -> None:
    """The models that this machine can run."""


@model.command("fetch")
@click.argument("name", required=False, metavar="[ID]")
@with_settings
def model_fetch(settings: Settings, name: str | None) -> None:
    """Download a model and check its SHA-256. Default: the one that settings.toml names.

    ID is a name that `inthread model list` shows, or any id of ModelScope: `owner/name`, `owner/name@revision`. Only
    this command reaches for a hub; a download that broke off goes on when it is typed again.
    """
    from inference import models

    wanted = models.resolve_active(name or settings.inference.model, settings.models_dir)
    if name is None and (settings.inference.engine == "scripted" or Path(wanted).exists()):
        click.echo(f"nothing to fetch: [inference] uses {settings.inference.engine} and {wanted}", err=True)
        return
    click.echo(models.fetch(wanted, settings.models_dir, progress=True))


@model.command("list")
@with_settings
def model_list(settings: Settings) -> None:
    """The models that can be fetched, which are here, and which one is active."""
    from inference import models

    used = _used(settings)
    for listed in models.list_models(settings.models_dir):
        state = f"{listed.state}, {used.pop(listed.name)}" if listed.name in used else str(listed.state)
        click.echo(f"{listed.name}\t{state}\t{listed.size >> 20} MB\t{listed.licence}\t{listed.title}")
    for name, use in used.items():  # paths of the administrator's own, and what is not here
        click.echo(f"{name}\t{use}")


def _used(settings: Settings) -> dict[str, str]:
    """By name: the model that the next start takes is `active`, the one to go back to `previous`."""
    from inference import models

    if settings.inference.model != models.ACTIVE:
        return {settings.inference.model: "active"}
    chosen = models.load_active(settings.models_dir)
    previous = {chosen.previous.name: "previous"} if chosen and chosen.previous else {}
    return {**previous, chosen.name: "active"} if chosen else {}


@model.command("verify")
@click.argument("name", required=False, metavar="[ID]")
@with_settings
def model_verify(settings: Settings, name: str | None) -> None:
    """Check every file of a fetched model against its recorded SHA-256."""
    from inference import models

    wanted = name or settings.inference.model
    click.echo(f"{wanted}: {models.verify_model(wanted, settings.models_dir)}")


@model.command("prepare")
@click.argument("name", required=False, metavar="[ID]")
@with_settings
def model_prepare(settings: Settings, name: str | None) -> None:
    """Store a model's weights in 8 bits, as the engine multiplies them. Default: the model that settings.toml names.

    Takes up to a minute. Without it the first start does it, where the engine works with 8 bits.
    """
    from inference import models
    from inference.models.prepared import kernels_dir
    from inference.torch_engine.prepare import prepare_model

    files = models.locate_model(name or settings.inference.model, settings.models_dir)
    done = prepare_model(files, kernels_dir(settings.models_dir))
    click.echo(
        f"{files.name}: {done.size >> 20} MB from {done.source_size >> 20} MB in {done.seconds:.0f} s: {done.path}"
    )


@model.command("path")
@click.argument("name", required=False, metavar="[ID]")
@with_settings
def model_path(settings: Settings, name: str | None) -> None:
    """Where the files of a model are."""
    from inference import models

    click.echo(models.model_path(name or settings.inference.model, settings.models_dir))


@model.command("remove")
@click.argument("name", metavar="ID")
@with_settings
def model_remove(settings: Settings, name: str) -> None:
    """Delete a fetched model."""
    from inference import models

    removed = models.remove_model(name, settings.models_dir)
    click.echo(f"{name}: {'removed' if removed else 'was not here'}")


for _command in (model_bundle, model_import, model_use):
    model.add_command(_command)
