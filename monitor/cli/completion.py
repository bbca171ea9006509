"""`monitor completion`: the script a shell completes verbs and options with."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash:  monitor completion bash > ~/.local/share/bash-completion/completions/monitor
    zsh:   monitor completion zsh > DIRECTORY-OF-$fpath/_monitor
    fish:  monitor completion fish > ~/.config/fish/completions/monitor.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(ctx.find_root().command, {}, "monitor", "_MONITOR_COMPLETE").source())
