"""The `playhead` command. Each command is a module of its own, imported when it is called."""

from portal.cli.run import main

__all__ = ["main"]
