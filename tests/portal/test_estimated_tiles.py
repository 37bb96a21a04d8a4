"""One definition: what a page, Explore, the command line and a file say of an estimated metric."""
