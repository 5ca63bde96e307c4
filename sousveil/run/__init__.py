"""Run: one pass through the stages, in order. Evidence is committed before anything reads it."""
