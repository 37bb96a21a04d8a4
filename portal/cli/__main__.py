"""`python -m portal.cli`, where the command is not on the path."""

from portal.cli.run import main

main()
