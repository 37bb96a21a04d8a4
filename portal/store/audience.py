"""Whom something that people keep is shown to: notes and saved views alike."""

from portal.store.people import Person


def is_for(person: Person, visibility: str, unit: str) -> bool:
    """Whether what is shown to everyone, or to a unit, is shown to this person.

    An admin is of every unit; what is private, or known by a link alone, is for nobody else.
    """
    match visibility:
        case "everyone":
            return True
        case "unit":
            return person.unit == unit or person.is_admin
        case _:
            return False
