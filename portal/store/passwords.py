"""Passwords: what may be one, and how they are kept.

argon2id with 19 MiB, two passes and one lane, the least that OWASP recommends; at most four at a
time in a process, so that forty people signing in at once do not run a small machine out of
memory.
"""

from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from portal.store.errors import Invalid

SHORTEST = 12
LONGEST_BYTES = 1_024
FEWEST_CHARACTERS = 5
CONTEXT_WORDS = ("playhead", "password", "portal", "analytics", "welcome", "letmein")
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm")

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
_TURNS = BoundedSemaphore(4)
#: Verified against where there is no such person, so that both answers cost the same.
_NOBODY = _HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    with _TURNS:
        return _HASHER.hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Compare at the same cost whether or not there is a hash to compare with."""
    if len(password.encode()) > LONGEST_BYTES:
        return False
    with _TURNS:
        try:
            _HASHER.verify(password_hash or _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    return _HASHER.check_needs_rehash(password_hash)


def check_new(password: str, *known: str) -> None:
    """Refuse a password that is guessed early. `known` are words about its owner.

    Raises Invalid with the reason. There are no rules about digits and signs: length is what
    counts, and any characters do, kept as they are.
    """
    if len(password.encode()) > LONGEST_BYTES:
        raise Invalid(f"The password is longer than {LONGEST_BYTES} bytes.")
    if len(password) < SHORTEST:
        raise Invalid(
            f"The password is shorter than {SHORTEST} characters.", "A few words in a row do well."
        )
    if "\0" in password:
        raise Invalid("The password has a character that cannot be typed.")
    rest = password.casefold()
    for word in (*CONTEXT_WORDS, *(w.casefold() for w in known if len(w) > 3)):  # noqa: PLR2004
        rest = rest.replace(word, "")
    if len(set(rest)) < FEWEST_CHARACTERS or len(rest) < SHORTEST // 2:
        raise Invalid(
            "The password is too easy to guess.", "Leave out names, the portal and repetitions."
        )
    if any(rest in run or rest in run[::-1] for run in RUNS):
        raise Invalid("The password is a row of neighbouring keys.", "Use a few words instead.")
