"""One writer at a time on a lake in an object store.

The lease is a Delta table without rows. Each commit of it says who holds the right to write, and
of two that commit at once the store refuses one. A holder commits again and again while it lives;
whoever sees no such commit for a whole term, by a clock of its own, takes the lease from the dead.
"""

# pyright: standard
# Strict checking needs types that pyarrow and deltalake do not ship.

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from socket import gethostname
from threading import Event, Thread, get_ident
from time import monotonic
from uuid import uuid4

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import create_table_with_add_actions

from queries.lake.errors import LakeError, LeaseHeld
from queries.lake.storage import Storage
from queries.lake.store import reaching

FOLDER = "lease"
TERM_S = 30.0
"""How long a holder may be silent before it counts as dead."""
PAUSE_S = 0.5
_SCHEMA = Schema.from_arrow(pa.schema([("holder", pa.string())]))
_RETENTION = {"delta.logRetentionDuration": "interval 1 days"}


class SharedLease:
    """The right to write. The thread that holds it may take it again.

    `fence` is called by whoever takes the lease from a silent holder. It has to make the commit
    of a record fail that the holder may have begun: it may be slow and not dead.
    """

    def __init__(self, storage: Storage, fence: Callable[[], None], term_s: float = TERM_S) -> None:
        self._storage = storage
        self._fence = fence
        self._term_s = term_s
        self._thread: int | None = None
        self._name = ""
        self._version = -1

    @contextmanager
    def held(self, timeout_s: float) -> Generator[bool]:
        """Hold it for the block. Gives whether it was taken now, not held already."""
        if self._thread == get_ident():
            yield False
            return
        with reaching(self._storage.url):
            name, version = self._take(timeout_s)
        self._name, self._version, self._thread = name, version, get_ident()
        over = Event()
        renewing = Thread(target=self._renew, args=(over,), name="lease", daemon=True)
        renewing.start()
        try:
            yield True
        finally:
            over.set()
            renewing.join()
            self._thread = None
            with suppress(DeltaError, OSError):
                self._release()

    def confirm(self) -> None:
        """Ask the store whether the lease is still ours. Raises LeaseHeld."""
        with reaching(self._storage.url):
            _, holder = self._look()
        if holder != self._name:
            raise LeaseHeld("The right to write was lost while writing.", "Run again.")

    def _take(self, timeout_s: float) -> tuple[str, int]:
        name = f"{gethostname()} {uuid4().hex}"
        deadline = monotonic() + timeout_s
        seen, since = -2, monotonic()
        while True:
            version, holder = self._look()
            if version != seen:
                seen, since = version, monotonic()
            is_dead = bool(holder) and monotonic() - since >= self._term_s
            if (not holder or is_dead) and self._write(version, name):
                if is_dead:
                    self._fence()
                return name, version + 1
            if monotonic() >= deadline:
                raise LeaseHeld(
                    f"Another process is writing to the lake, on {holder.partition(' ')[0]}.",
                    "Wait until it is done and run again.",
                )
            Event().wait(min(PAUSE_S, self._term_s / 4))

    def _look(self) -> tuple[int, str]:
        """Version of the lease and its holder; -1 before the first, no name where it is free."""
        opened = self._open()
        if opened is None:
            return -1, ""
        said = opened.history(1)[0]
        return int(opened.version()), str(said.get("holder", ""))

    def _write(self, version: int, holder: str) -> bool:
        """Commit exactly the next version; False where somebody else has."""
        properties = CommitProperties(max_commit_retries=0, custom_metadata={"holder": holder})
        try:
            if version < 0:
                create_table_with_add_actions(
                    self._storage.location(FOLDER),
                    _SCHEMA,
                    [],
                    mode="error",
                    configuration=_RETENTION,
                    storage_options=self._storage.delta_options,
                    commit_properties=properties,
                )
                return True
            opened = self._open()
            if opened is None or opened.version() != version:
                return False
            opened.create_write_transaction([], "append", _SCHEMA, commit_properties=properties)
        except (DeltaError, FileExistsError):
            return False
        return True

    def _open(self) -> DeltaTable | None:
        options = self._storage.delta_options
        try:
            return DeltaTable(self._storage.location(FOLDER), storage_options=options)
        except TableNotFoundError:
            return None

    def _renew(self, over: Event) -> None:
        """Show that the holder lives; stops once the lease is somebody else's."""
        while not over.wait(self._term_s / 3):
            with suppress(OSError, LakeError, DeltaError):
                if self._write(self._version, self._name):
                    self._version += 1
                    continue
                version, holder = self._look()
                if holder != self._name:
                    return
                self._version = version

    def _release(self) -> None:
        version, holder = self._look()
        if holder == self._name:
            self._write(version, "")
