"""Search: passages of all that was ever read, found by words, phrases, prefixes and patterns."""
