from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from portal.store import attempts
from portal.store.attempts import Attempt, TooMany
from portal.store.store import Store
from tests.portal.conftest import Clock

ANN = "ann@company.example"


def tries(store: Store, count: int, address: str = "192.0.2.1", email: str = ANN) -> int:
    """How many of `count` attempts are let through."""
    outcomes = [attempts.begin(store, email, address) for _ in range(count)]
    return sum(isinstance(o, Attempt) for o in outcomes)


def test_ten_wrong_passwords_from_one_address_are_enough(store: Store, clock: Clock):
    assert tries(store, 12) == 10
    refusal = attempts.begin(store, ANN, "192.0.2.1")
    assert isinstance(refusal, TooMany)
    assert refusal.wait == timedelta(minutes=15)
    clock.pass_by(refusal.wait)
    assert tries(store, 1) == 1


def test_a_refused_attempt_does_not_prolong_the_wait(store: Store, clock: Clock):
    tries(store, 10)
    for _ in range(14):
        clock.pass_by(timedelta(minutes=1))
        assert tries(store, 1) == 0
    clock.pass_by(timedelta(minutes=1))
    assert tries(store, 1) == 1


def test_trying_many_accounts_from_one_address_is_noticed(store: Store):
    names = [f"person{number}@company.example" for number in range(30)]
    assert sum(tries(store, 1, email=name) for name in names) == 20


def test_the_owner_gets_in_while_somebody_guesses_from_elsewhere(store: Store, clock: Clock):
    assert sum(tries(store, 1, f"198.51.100.{number}") for number in range(40)) == 10
    clock.pass_by(attempts.ACCOUNT_PAUSE)
    assert tries(store, 1, "203.0.113.9") == 1


def test_the_right_password_does_not_count(store: Store):
    for _ in range(30):
        attempt = attempts.begin(store, ANN, "192.0.2.1")
        assert isinstance(attempt, Attempt)
        attempts.succeed(store, attempt)


def test_a_spelling_of_the_address_is_no_new_account(store: Store):
    assert tries(store, 6) + tries(store, 6, email=" ANN@Company.example") == 10


def test_a_burst_is_counted_as_well_as_a_row(store: Store):
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: tries(store, 1), range(40))) == 10


def test_old_attempts_are_forgotten(store: Store, clock: Clock):
    tries(store, 3)
    clock.pass_by(timedelta(days=31))
    assert attempts.purge(store) == 3
