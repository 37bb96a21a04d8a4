"""The lake: tables on disk, how they get there, and which version of each belongs together."""
