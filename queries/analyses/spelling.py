"""Near spellings: which rare queries are slips of a far more frequent one, by how they are written.

What many type corrects what few type (Cucerzan & Brill 2004, EMNLP, "Spelling correction as an
iterative process that exploits the collective knowledge of web users"). A slip is one error (a
letter left out, put in, changed, or two swapped: Damerau 1964, CACM 7, 171-176) in four letters or
more, or two in eight or more; or a query cut off on the way. An error in the first letter is rare
(Pollock & Zamora 1984, CACM 27, 358-368) and is not looked for. What it merges is a guess from the
writing alone: it never merges what is frequent by itself, or could be meant for several.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

ONE_ERROR, TWO_ERRORS = 4, 8
FAR_MORE, CONTINUED = 10, 2
_CLEAR = 2 / 3
_ACCENTS = re.compile("[\u0300-\u036f]")
_APOSTROPHES = re.compile("['\u2019]")
_NUMBERS = re.compile(r"\d+|\b[ivx]+\b")
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Typed:
    """A query, how often and by how many accounts it was typed, in which languages if known."""

    query: str
    searches: int
    accounts: int
    languages: frozenset[str] = frozenset()


def folded(query: str) -> str:
    """Without case, accents (of letters that bear them loosely), punctuation and spare blanks."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", query).casefold())
    kept = _APOSTROPHES.sub("", unicodedata.normalize("NFC", _ACCENTS.sub("", plain)))
    return " ".join("".join(map(_letter, kept)).split())


def _letter(one: str) -> str:
    return one if unicodedata.category(one)[0] in "LMN" else " "


def near_spellings(typed: Iterable[Typed]) -> dict[str, str]:
    """The queries that are slips, each with the query that it is meant for.

    That one is never a slip itself, was typed `FAR_MORE` times as often, by as many more accounts
    (one that goes on: `CONTINUED` times), shares the numbers, and a language where both are known.
    Where several are as near, or others go on from what was typed, one of them must hold two thirds
    of their searches. The order of what is given makes no difference.
    """
    order = sorted(typed, key=lambda t: (-t.searches, -t.accounts, t.query))
    texts = [folded(t.query) for t in order]
    numbers = [tuple(_NUMBERS.findall(text)) for text in texts]

    def may(rare: int, other: int, times: int) -> bool:
        one, two = order[rare], order[other]
        is_far = two.searches >= times * one.searches and two.accounts >= times * one.accounts
        if not is_far or numbers[rare] != numbers[other]:
            return False
        return not (one.languages and two.languages) or bool(one.languages & two.languages)

    errors = _errors(texts, [t.searches for t in order])
    going_on = _going_on(texts)
    into: dict[int, int] = {}
    for rare in range(len(order)):
        typed_on = _typed_on(rare, going_on(rare), into, order)
        near = [(n, i) for n, i in errors[rare] if i not in into and may(rare, i, FAR_MORE)]
        fewest = min(near, default=(0, 0))[0]
        heads = [i for n, i in near if n == fewest]
        found = _clear(_votes(heads, typed_on, order, texts))
        if found is not None and (found in heads or may(rare, found, CONTINUED)):
            into[rare] = found
    return {order[rare].query: order[meant].query for rare, meant in into.items()}


def _typed_on(
    rare: int, longer: list[int], into: dict[int, int], order: Sequence[Typed]
) -> Counter[int]:
    """What those meant who typed on from a query, by their searches."""
    weights: Counter[int] = Counter()
    for i in longer:
        weights[into.get(i, i)] += order[i].searches
    weights.pop(rare, None)
    return weights


def _votes(
    heads: Sequence[int], typed_on: Counter[int], order: Sequence[Typed], texts: Sequence[str]
) -> Counter[int]:
    """The searches of what a query may be meant for: a slip of these heads, or their beginning.

    "the s" is not "the z" where many go on to "the sea"; "crow" is "crown" though many go on from
    that to "crown cast".
    """
    votes = Counter({i: order[i].searches for i in heads})
    for i, searches in typed_on.items():
        if i in votes:
            continue
        begun = [head for head in heads if texts[i].startswith(texts[head])]
        votes[begun[0] if begun else i] += searches
    return votes


def _clear(weights: Counter[int]) -> int | None:
    """The one that holds two thirds of all, if one does."""
    if not weights:
        return None
    ((best, weight),) = weights.most_common(1)
    return best if weight >= _CLEAR * weights.total() else None


def _going_on(texts: list[str]) -> Callable[[int], list[int]]:
    """For each text those that begin with it and go on."""
    places = sorted(range(len(texts)), key=texts.__getitem__)
    ordered = [texts[i] for i in places]

    def found(rare: int) -> list[int]:
        text = texts[rare]
        if len(text) < ONE_ERROR:
            return []
        first, last = bisect_left(ordered, text), bisect_left(ordered, text + _LAST)
        return [i for i in places[first:last] if texts[i] != text]

    return found


def _errors(texts: list[str], searches: list[int]) -> dict[int, list[tuple[int, int]]]:
    """For each text (errors, place) of those far more frequent and few errors away.

    Only texts of the same first letter and about the same length are held against each other.
    """
    near: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for rare, about in _blocks(texts):
        least = min(searches[i] for i in rare) * FAR_MORE
        frequent = [i for i in about if searches[i] >= least]
        if not frequent:
            continue
        most = 2 if len(texts[rare[0]]) >= TWO_ERRORS else 1
        found = cdist(
            [texts[i] for i in rare],
            [texts[i] for i in frequent],
            scorer=OSA.distance,
            score_cutoff=most,
            dtype=np.uint8,
        )
        for row, column in np.argwhere(found <= most).tolist():
            one, two = rare[row], frequent[column]
            errors = int(found[row, column])
            if one != two and errors <= _allowed(texts[one], texts[two]):
                near[one].append((errors, two))
    return near


def _blocks(texts: list[str]) -> Iterator[tuple[list[int], list[int]]]:
    """Places of texts of a first letter and a length, and of those about as long."""
    letters: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, text in enumerate(texts):
        if len(text) >= ONE_ERROR:
            letters[text[0]][len(text)].append(i)
    for lengths in letters.values():
        for length, places in lengths.items():
            about = [i for n in range(length - 2, length + 3) for i in lengths.get(n, ())]
            yield places, about


def _allowed(one: str, two: str) -> int:
    shorter = min(len(one), len(two))
    return 2 if shorter >= TWO_ERRORS else 1 if shorter >= ONE_ERROR else 0
