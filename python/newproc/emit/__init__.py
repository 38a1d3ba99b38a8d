"""Patterns as source text of programs."""
