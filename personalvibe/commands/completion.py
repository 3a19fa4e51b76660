"""``pv completion``."""

from __future__ import annotations

import click

from personalvibe.output import say


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes pv in a shell.

    For bash: eval "$(pv completion bash)" in ~/.bashrc; likewise for zsh. For fish:
    pv completion fish > ~/.config/fish/completions/pv.fish
    """
    from click.shell_completion import get_completion_class

    completer = get_completion_class(shell)
    if completer is not None:
        say(completer(context.find_root().command, {}, "pv", "_PV_COMPLETE").source())
