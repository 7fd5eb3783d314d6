"""Uploaded files by their content, and which of them a resource serves."""
