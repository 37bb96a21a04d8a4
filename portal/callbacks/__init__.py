"""What the server does when somebody looks: one verb a module, each with `register`.

None of them knows a page by name, and their number does not grow with the pages.
"""
