"""Pekerjaan Saya: what waits for a person, asked of every domain."""
