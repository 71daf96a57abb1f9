"""`ecluse`: the commands, a module each."""

from __future__ import annotations

import gc
import importlib
from typing import Any

import click

COMMANDS = {
    "demo": "gateway.cli.demo:demo",
    "serve": "gateway.cli.serve:serve",
    "door": "gateway.cli.door:door",
    "validate": "gateway.cli.validate:validate",
    "render": "gateway.cli.render:render",
    "samples": "gateway.cli.samples:samples",
    "pack": "gateway.cli.pack:pack",
    "xdm": "gateway.cli.xdm:xdm",
    "lab": "gateway.cli.lab:lab",
    "pki": "gateway.cli.pki:pki",
    "records": "gateway.cli.records:records",
    "why": "gateway.cli.why:why",
    "traces": "gateway.cli.traces:traces",
    "world": "gateway.cli.world:world",
    "diff-faces": "gateway.cli.diff_faces:diff_faces",
    "clock": "gateway.cli.clock:clock",
    "jobs": "gateway.cli.jobs:jobs",
    "outbox": "gateway.cli.outbox:outbox",
    "inbox": "gateway.cli.inbox:inbox",
    "letters": "gateway.cli.letters:letters",
    "migrate": "gateway.cli.migrate:migrate",
    "sandbox": "gateway.cli.sandbox:sandbox",
    "fsck": "gateway.cli.fsck:fsck",
    "audit": "gateway.cli.audit:audit",
    "certify": "gateway.cli.certify:certify",
    "bench": "gateway.cli.bench:bench",
}

CONTAINERS = 20_000
"""Containers that come and do not go before circles are sought; a summary of 50 KB that is judged has 2,500."""


class LazyCommands(click.Group):
    """Import a command's module when it is called, so that `ecluse validate` pays for nothing else."""

    def main(self, *args: Any, **settings: Any) -> Any:
        """Run a command. Documents in memory are many objects and no circles: circles are sought less often."""
        gc.set_threshold(CONTAINERS, *gc.get_threshold()[1:])
        return super().main(*args, **settings)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command: Any = getattr(importlib.import_module(module), attribute)
        return command if isinstance(command, click.Command) else None


@click.command(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--lang", type=click.Choice(["fr", "en"]), help="Language of the messages; the locale's when absent.")
@click.version_option(package_name="ecluse")
@click.pass_context
def main(ctx: click.Context, lang: str | None) -> None:
    """Écluse: two gates, and the documents go one way.

    An XDS.b registry and repository fed by establishments (CPE) and consulted by professionals (CPS).
    """
    ctx.obj = lang
