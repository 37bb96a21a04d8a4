"""The API at /api/v1: the questions of the portal for notebooks and other programs.

Signed in by a bearer token, which the gate reads; the owner's access narrows every answer.
"""

from portal.api.routes import register

__all__ = ["register"]
