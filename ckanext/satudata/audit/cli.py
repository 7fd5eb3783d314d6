"""The command ``ckan satudata audit``."""

from __future__ import annotations

from typing import Any

import click

from ckanext.satudata.audit import client, jobs
from ckanext.satudata.common.cli import show

__all__ = ["audit"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Everything, as satudata_audit_show.")
@click.option("--sample", type=int, help="Datasets asked for one by one; else as configured.")
@click.option("--seconds", type=int, help="No further address after so many seconds.")
@click.option("--url", help="Ask a portal at this address, as anonymous only.")
@click.option("--route", default="", help="Only routes and actions that fit; is not kept.")
def audit(
    as_json: bool, sample: int | None, seconds: int | None, url: str | None, route: str
) -> None:
    """Ask for every public address as anonymous and as an outsider; exit 1 on a finding.

    What comes back is compared with the approved list. Nothing is changed, but for the
    result, which is kept.
    """
    portal = client.OverHttp(url) if url else None
    result = jobs.perform(portal, sample=sample, seconds=seconds, routes=route)
    if as_json:
        show(result)
    else:
        _print(result)
    if result["findings"]:
        raise SystemExit(1)


def _print(result: dict[str, Any]) -> None:
    counts = result["counts"]
    click.echo(
        f"{counts['requests']} requests to {counts['routes']} routes in {counts['seconds']} s; "
        f"{counts['hidden_walked']} of {counts['hidden']} hidden datasets and "
        f"{counts['published_walked']} of {counts['published']} published ones one by one."
    )
    if not counts["in_time"]:
        click.secho("The time was over before everything was asked for.", fg="yellow")
    for route in counts["not_walked"]:
        click.secho(f"not walked: {route}", fg="yellow")
    for route, path in counts["failed"].items():
        click.secho(f"failed by itself: {route} ({path})", fg="yellow")
    for one in result["findings"]:
        where = " ".join(str(one[key]) for key in ("who", "method", "url", "status") if one[key])
        told = f" ({one['needle']})" if one["needle"] else ""
        click.secho(f"{one['kind']}{told}: {one['dataset']} {where} {one['detail']}", fg="red")
    if not result["findings"]:
        click.secho("No finding: the public gets what is approved, and nothing else.", fg="green")
