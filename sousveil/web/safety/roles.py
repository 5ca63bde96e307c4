"""Roles: what a user of the desk may do, and the decorator that asks for one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Literal, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

Role: TypeAlias = Literal["reader", "reviewer", "editor"]

ROLES: tuple[Role, ...] = ("reader", "reviewer", "editor")
"""From the least to the most: each may do what those before it may."""

Handler: TypeAlias = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who came in."""

    name: str  # as decisions name them
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this user has at least that role."""
        return ROLES.index(self.role) >= ROLES.index(role)


def needs(role: Role) -> Callable[[Handler], Handler]:
    """Let only users of this role or a higher one reach a handler; others are refused with 403.

    Without it a handler is for every user; nobody reaches one without having come in.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def guarded(request: Request) -> Response:
            user: User = request.user
            if not user.may(role):
                raise HTTPException(403, f"This is for {role}s; you are a {user.role}.")
            return handler(request)

        return guarded

    return decorate
