"""Who is asking: the gate in front of every route, and the ways in and out."""
