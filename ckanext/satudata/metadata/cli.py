"""Command of the metadata scheme: ``ckan satudata scheme``."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from ckanext.satudata.metadata import plain

__all__ = ["scheme"]


@click.command("scheme")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def scheme(folder: Path) -> None:
    """Write the scheme into FOLDER so that CKAN can use it without this extension."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in plain.KINDS:
        target = folder / f"{kind}.yaml"
        text = yaml.safe_dump(plain.scheme(kind), allow_unicode=True, sort_keys=False)
        target.write_text(text, encoding="utf-8")
        click.echo(f"scheming.{kind}_schemas = file://{target.resolve()}")
