"""Diffs that people can read: what changed between two captures of one page.

`compare` takes two documents and gives a `Diff`; `learn` takes several captures and gives what
changes by itself, which `quieten` marks in a diff; `changed_members` lists fields, enumeration
members and endpoints that came and went. Pure.
"""
