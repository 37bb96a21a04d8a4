"""Near spellings: examples by hand, and what holds of whatever is typed."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from queries.analyses.spelling import FAR_MORE, Typed, folded, near_spellings


def test_one_slip_in_four_letters_and_two_in_eight_are_merged_with_what_many_type():
    assert _merged({"crown": 1000, "crwn": 20}) == {"crwn": "crown"}
    assert _merged({"crown": 1000, "corwn": 20}) == {"corwn": "crown"}
    assert _merged({"seoul night kitchen": 1000, "seol nigt kitchen": 20}) == {
        "seol nigt kitchen": "seoul night kitchen"
    }
    assert _merged({"crown": 1000, "crun": 20}) == {}
    assert _merged({"dark": 1000, "dar": 20}) == {}


def test_slips_of_a_name_are_merged_and_one_of_three_errors_is_not():
    """Spellings of a name and how often each was typed, as Google published them in 2002."""
    counts = {
        "britney spears": 488941, "brittany spears": 40134, "brittney spears": 36315,
        "britany spears": 24342, "britny spears": 7331, "briteny spears": 6633,
    }  # fmt: skip
    found = _merged(counts)
    assert set(found) == set(counts) - {"britney spears", "brittany spears"}
    assert set(found.values()) == {"britney spears"}


def test_a_query_cut_off_is_merged_with_what_two_thirds_of_those_who_go_on_type():
    assert _merged({"winter league": 40, "winte": 20}) == {"winte": "winter league"}
    assert _merged({"winter league": 39, "winte": 20}) == {}
    several = {"beyond the sea": 500, "beyond the hill": 400, "beyon": 20}
    assert _merged(several) == {}
    assert _merged({**several, "beyond the hill": 250}) == {"beyon": "beyond the sea"}


def test_what_counts_is_kept_apart():
    assert _merged({"rocky 2": 10000, "rocky 3": 20, "rocky": 100}) == {}
    assert _merged({"rocky ii": 10000, "rocky iii": 20}) == {}
    assert _merged({"apollo \u0661\u0663": 10000, "apollo \u0661\u0664": 20}) == {}


def test_two_that_are_both_frequent_or_typed_by_nearly_as_many_are_kept_apart():
    assert _merged({"lovers": 1000, "loners": 200}) == {}
    often = [Typed("lovers", 1000, 1000), Typed("loners", 50, 50), Typed("lowers", 50, 500)]
    assert near_spellings(often) == {"loners": "lovers"}


def test_a_slip_that_may_be_meant_for_two_is_kept_apart():
    assert _merged({"caster": 1000, "carter": 900, "caxter": 20}) == {}


def test_a_beginning_is_no_slip_of_another_one_where_others_go_on_from_it():
    begun = {"the z": 1000, "the s": 20}
    assert _merged(begun) == {"the s": "the z"}
    assert "the s" not in _merged({**begun, "the sea": 300, "the sun": 300})
    assert _merged({**begun, "the sea": 1000}) == {}
    assert _merged({**begun, "the sea": 5000}) == {"the s": "the sea"}
    slip = {"winter league": 1000, "wintre": 20, "wintre league": 30}
    assert _merged(slip) == {"wintre": "winter league", "wintre league": "winter league"}


def test_those_who_go_on_from_the_right_word_are_for_it():
    assert _merged({"crown": 1000, "crow": 20, "crown cast": 300, "crown season": 300}) == {
        "crow": "crown"
    }
    assert _merged({"stranger things": 1000, "stranger thing": 20, "stranger things 4": 600}) == {
        "stranger thing": "stranger things"
    }
    assert _merged({"dark": 1000, "darj": 20, "darjeeling": 700}) == {}


def test_languages_are_kept_apart_where_both_are_known():
    def found(one: str, two: str) -> dict[str, str]:
        typed = (("casas", 1000, one), ("casass", 20, two))
        return near_spellings(
            Typed(q, n, n, frozenset(filter(None, [lang]))) for q, n, lang in typed
        )

    assert found("es", "pt") == {}
    assert found("es", "es") == found("es", "") == found("", "pt") == {"casass": "casas"}


def test_case_accents_punctuation_and_width_are_no_difference_but_marks_that_spell_are():
    assert folded("  Pok\u00e9mon: THE\u2010Movie! ") == "pokemon the movie"
    assert folded("Grey\u2019s") == folded("grey's") == "greys"
    assert folded("\uff21\uff22\uff23") == "abc"
    assert folded("Stra\u00dfe") == "strasse"
    assert folded("\uae30\uc0dd\ucda9") == "\uae30\uc0dd\ucda9"
    assert folded("\u304c") != folded("\u304b")
    assert folded("\u0915\u093f") != folded("\u0915")
    assert _merged({"pok\u00e9mon": 10000, "Pokemon!": 20}) == {"Pokemon!": "pok\u00e9mon"}


_QUERIES = st.text("abc 12\u00e9", min_size=3, max_size=10)
_COUNTS = st.dictionaries(_QUERIES, st.integers(1, 5000), max_size=25)
_BASES = ("moonlit harbour", "iron orchid", "rocky 2", "rocky 3")


@st.composite
def _slips(draw: st.DrawFn) -> dict[str, int]:
    """Some frequent queries, with slips of them and pieces cut off."""
    counts = {base: draw(st.integers(200, 9000)) for base in _BASES}
    for _ in range(draw(st.integers(0, 12))):
        base = draw(st.sampled_from(_BASES))
        at = draw(st.integers(1, len(base) - 1))
        slip = draw(
            st.sampled_from([base[:at], base[:at] + base[at + 1 :], base[:at] + "x" + base[at:]])
        )
        counts.setdefault(slip, draw(st.integers(1, 300)))
    return counts


@given(_COUNTS | _slips(), st.randoms(use_true_random=False))
def test_order_makes_no_difference_and_what_is_merged_with_is_no_slip_itself(
    counts: dict[str, int], dice: Random
):
    found = _merged(counts)
    shuffled = list(counts.items())
    dice.shuffle(shuffled)
    assert _merged(dict(shuffled)) == found
    assert not set(found) & set(found.values())


@given(_COUNTS | _slips())
def test_whatever_is_merged_is_near_has_the_same_numbers_and_is_far_rarer(
    counts: dict[str, int],
):
    for slip, meant in _merged(counts).items():
        one, two = folded(slip), folded(meant)
        is_cut = two.startswith(one) and len(two) > len(one) >= 4
        errors = DamerauLevenshtein.distance(one, two)
        shorter = min(len(one), len(two))
        is_near = errors <= (2 if shorter >= 8 else 1) and counts[meant] >= FAR_MORE * counts[slip]
        assert shorter >= 4
        assert is_near or (is_cut and counts[meant] >= 2 * counts[slip])
        assert [c for c in one if c.isdigit()] == [c for c in two if c.isdigit()]


def _merged(counts: dict[str, int]) -> dict[str, str]:
    return near_spellings(Typed(query, n, n) for query, n in counts.items())
