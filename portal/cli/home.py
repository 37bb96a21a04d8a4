"""The portal's home as the environment names it, opened for one command."""

import os

from portal.settings import Settings


def settings() -> Settings:
    """Raises ConfigurationError naming every problem."""
    return Settings.from_environment(os.environ)
