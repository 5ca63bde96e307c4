"""Who may come in, what they may do, and what a page may do in their browser."""

from sousveil.web.safety.roles import ROLES, Role, User, needs

__all__ = ["ROLES", "Role", "User", "needs"]
