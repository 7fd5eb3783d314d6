"""Commands of the storage: ``ckan satudata storage …``."""

from __future__ import annotations

from collections.abc import Iterator

import click
import sqlalchemy as sa

from ckan import model

from ckanext.satudata.common import compat
from ckanext.satudata.storage import collect as collector
from ckanext.satudata.storage import service

__all__ = ["storage"]


@click.group()
def storage() -> None:
    """Files stored by content: collect, verify, take over, restore."""


@storage.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would be taken away.")
def collect(dry_run: bool) -> None:
    """Take away files that nothing names any more, after their grace period."""
    done = collector.collect(dry_run=dry_run)
    word = "would be taken away" if dry_run else "taken away"
    click.echo(f"{done.count} files ({done.size} bytes) {word}.")
    if done.busy:
        click.echo("Files are being stored just now; the rest is for the next time.")


@storage.command()
def verify() -> None:
    """Compare all stored files with their names; exit 1 when one is altered or missing."""
    found = 0
    for damage in collector.verify():
        found += 1
        click.secho(f"{damage.sha256} {damage.reason} {damage.by}".rstrip(), fg="red")
    if found:
        raise SystemExit(1)
    click.secho("Every stored file is what its name says, and none is missing.", fg="green")


def _uploads() -> Iterator[str]:
    query = sa.select(model.Resource.id).where(model.Resource.url_type == "upload")
    yield from model.Session.scalars(query.order_by(model.Resource.id)).all()


@storage.command("take-over")
def take_over() -> None:
    """Store files from before the extension by their content; CKAN's copies stay."""
    taken = missing = 0
    for resource_id in _uploads():
        if not service.is_legacy(resource_id):
            continue
        found = service.take_over(resource_id)
        model.Session.commit()
        taken, missing = taken + bool(found), missing + (not found)
        if not found:
            click.echo(f"{resource_id}: no file")
    click.echo(f"{taken} files taken over, {missing} not found.")


@storage.command()
def restore() -> None:
    """Write served files to where CKAN's own uploader looks, before the extension goes.

    Originals that the public does not get stay where they are.
    """
    done = 0
    for resource_id in _uploads():
        found = service.pointer(resource_id)
        source = service.open_resource(resource_id) if found and found.sha256 else None
        if source is not None:
            with source:
                compat.write_stock(resource_id, source)
            done += 1
    click.echo(f"{done} files written.")
