"""Every component id that the callbacks and assets/ rely on, in one place."""

LOCATION = "location"
ARRANGEMENT = "arrangement"
PAGE = "page"
SHELL = "shell"
BURGER = "burger"
EXTRAS = "extras"
