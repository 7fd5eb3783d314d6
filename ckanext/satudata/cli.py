"""The command group ``ckan satudata``; every domain mounts its own commands."""

from __future__ import annotations

import logging
import time
from typing import Any

import click

from ckan import model
from ckan.cli.jobs import jobs

from ckanext.satudata import config, registry
from ckanext.satudata.common import pulse, startup

log = logging.getLogger(__name__)

#: Exit code "temporary failure": a supervisor tries again later.
TEMPORARY = 75


@click.group()
def satudata() -> None:
    """Satu Data Indonesia: approval workflow, roles, checks."""


@satudata.command()
def check() -> None:
    """Test services, migrations, profile and gate; exit 1 when something is wrong.

    What the operator should know besides, and does not stop the portal, is told in yellow.
    """
    found = startup.findings()
    for one in found:
        click.secho(f"{one.part}: {one.what}", fg="red" if one.blocks else "yellow")
        click.echo(f"    {one.remedy}")
    if any(one.blocks for one in found):
        raise SystemExit(1)
    click.secho("Ready: services, migrations, profile and gate.", fg="green")


def refuse_unless_ready() -> None:
    """End the process while the portal is not fit: nothing runs without the gate."""
    problems = startup.problems()
    for one in problems:
        click.echo(f"Not ready: {one.what} {one.remedy}", err=True)
    if problems:
        raise SystemExit(TEMPORARY)


def one_round() -> dict[str, Any]:
    """Run the tick of every domain once; one that fails does not stop the others."""
    done = {}
    for name, tick in registry.ticks().items():
        try:
            done[name] = tick()
        except Exception:
            log.exception("%s did not finish", name)
            done[name] = None
        finally:
            model.Session.rollback()
            model.Session.remove()
    return done


@satudata.command()
@click.option("--once", is_flag=True, help="One round, then end.")
def tick(once: bool) -> None:
    """Publish what is due and do what time brings, round after round.

    Several of these at once do no harm.
    """
    refuse_unless_ready()
    while True:
        done = one_round()
        pulse.beat("tick")
        if any(done.values()):
            click.echo(", ".join(f"{name} {n}" for name, n in done.items() if n))
        if once:
            break
        time.sleep(config.tick_seconds())


def guarded_worker() -> None:
    """Let ``ckan jobs worker`` start only when the portal is fit (exit 75)."""
    command = jobs.commands["worker"]
    original = command.callback
    if getattr(original, "satudata_guarded", False) or original is None:
        return

    def worker(*args: Any, **kwargs: Any) -> Any:
        refuse_unless_ready()
        return original(*args, **kwargs)

    worker.satudata_guarded = True  # type: ignore[attr-defined]
    command.callback = worker


def get_commands() -> list[click.Command]:
    """Commands for CKAN's IClick."""
    for command in registry.commands():
        satudata.add_command(command)
    guarded_worker()
    return [satudata]
