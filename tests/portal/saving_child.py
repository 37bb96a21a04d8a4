"""Saves views as fast as it can and says which, until it is killed."""

import sys

from portal.store import people, views
from portal.store.saved_view import Draft
from portal.store.store import open_store

if __name__ == "__main__":
    store = open_store(sys.argv[1])
    person = people.everybody(store)[0]
    number = 0
    while True:
        view = views.save(store, person, Draft(name=f"View {number}", path="/"))
        number += 1
        print(view.id, flush=True)  # noqa: T201
        views.remove(store, person, view.id, view.version)
