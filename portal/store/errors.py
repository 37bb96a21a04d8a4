"""What can go wrong while keeping things, worded for the person whose thing it is.

StoreError
├── NotFound        it is not there, or not theirs to see: the two look the same
├── Denied          they can see it, but this is not theirs to do
├── Conflict        somebody saved in between
├── Invalid         a name, text or address that cannot be kept
└── QuotaExceeded   they keep too many already
"""


class StoreError(Exception):
    """Something that cannot be kept, changed or read. Safe to show; `code` never changes."""

    code = "store_error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotFound(StoreError):
    """Absent and foreign answer alike, so that asking reveals nothing."""

    code = "not_found"


class Denied(StoreError):
    """Something they may see and may not change."""

    code = "denied"


class Conflict(StoreError):
    """The version they edited is no longer the newest; nothing was written."""

    code = "conflict"


class Invalid(StoreError):
    """A value that cannot be kept as it is."""

    code = "invalid"


class QuotaExceeded(StoreError):
    """One person's share of the store is used up."""

    code = "quota_exceeded"
