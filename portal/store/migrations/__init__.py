"""How the schema came about: one step a file in `versions`, each of them up and down."""
