"""What happens before new code serves: the schema moves up, and what is long gone is forgotten.

`python -m portal.release` is the release phase of a platform. It may run twice, or beside the
old code.
"""

import os
import sys

from portal import logs
from portal.edited import fingerprints
from portal.settings import EXIT_CONFIGURATION, ConfigurationError, Settings
from portal.store import (
    attempts,
    definitions,
    demo_people,
    demo_targets,
    migrate,
    notes,
    sessions,
    views,
)
from portal.store.store import Store, open_store
from queries.catalog import builtin


def release(store: Store) -> None:
    """Bring the schema to this code's version and clean up."""
    migrate.upgrade(store)
    edited = definitions.release(store, fingerprints(builtin()))
    forgotten = {
        "sessions": sessions.purge(store),
        "attempts": attempts.purge(store),
        "views": views.purge(store),
        "notes": notes.purge(store),
    }
    logs.log.info("released", schema=migrate.newest(), definitions=edited, **forgotten)


def prepare(settings: Settings, store: Store) -> None:
    """Make sure that the store fits this process before it serves.

    Production only looks, because releasing is a step of its own there; elsewhere it is done.
    Raises ConfigurationError.
    """
    if not settings.is_production:
        migrate.upgrade(store)
        definitions.release(store, fingerprints(builtin()))
        if settings.is_demo:
            demo_people.ensure(store)
            demo_targets.ensure(store)
        return
    try:
        migrate.check(store)
    except migrate.SchemaOutdated as error:
        raise ConfigurationError((str(error),)) from error
    if demo_people.are_here(store):
        raise ConfigurationError(
            ("The database holds people of the demo: production needs one of its own.",)
        )


def main() -> int:
    logs.configure()
    try:
        settings = Settings.from_environment(os.environ)
    except ConfigurationError as error:
        sys.stderr.write("".join(f"playhead: {problem}\n" for problem in error.problems))
        return EXIT_CONFIGURATION
    store = open_store(settings.database_url)
    release(store)
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
