"""What people type and others read holds nothing that is not seen.

Control characters (Unicode's Cc, C0 and C1 alike, but line breaks and tabs) are read otherwise by
some terminals and databases. The nine that set a direction of writing over others' can show a text
in another order than the one in which it was typed: Boucher & Anderson 2021, "Trojan Source".
"""

import unicodedata

from portal.store.errors import Invalid

_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset("\n\t")


def plain(text: str) -> str:
    """The text as it is. Raises Invalid where it holds a character that is not seen."""
    for character in text:
        is_control = unicodedata.category(character) == "Cc" and character not in _BREAKS
        if is_control or character in _DIRECTIONS:
            raise Invalid(
                "The text has a character that cannot be kept.",
                f"U+{ord(character):04X} is not seen. Type the text again without it.",
            )
    return text
