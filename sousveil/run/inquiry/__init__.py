"""Inquiries: what is done before a letter to a vendor goes, and what is told afterwards."""
