"""Alerts: what happened, told to people outside, and no more of the case than they were to know."""
