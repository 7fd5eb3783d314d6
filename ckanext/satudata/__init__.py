"""Satu Data Indonesia for CKAN: metadata scheme, approval workflow, Daftar Data."""
