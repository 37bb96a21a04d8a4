"""The application as a WSGI server finds it: `portal.wsgi:server`.

The one module whose import does something, and that reads the environment. `portal.serve` is
the server it was measured with.
"""

import os
import sys

from portal import logs, parts
from portal.app import create_app
from portal.release import prepare
from portal.settings import EXIT_CONFIGURATION, ConfigurationError, Settings
from portal.store.store import open_store

logs.configure()
try:
    settings = Settings.from_environment(os.environ)
    store = open_store(settings.database_url)
    prepare(settings, store)
    parts.check_lake(settings)
except ConfigurationError as error:
    sys.stderr.write("".join(f"playhead: {problem}\n" for problem in error.problems))
    sys.exit(EXIT_CONFIGURATION)

for note in settings.notes:
    logs.log.warning("configuration", note=note)

warehouse = parts.open_warehouse(settings)
for name, (message, hint) in warehouse.catalog().left_out.items():
    logs.log.warning("dataset left out", dataset=name, why=message, hint=hint)

app = create_app(settings, warehouse, store)
server = app.server
