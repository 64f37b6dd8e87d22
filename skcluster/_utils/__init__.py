"""Utilities that are independent of astronomy: files, tables, names, messages, types."""
