"""Inputs of the audit's action."""

from __future__ import annotations

from ckan.logic.schema import validator_args
from ckan.types import Schema, Validator


@validator_args
def show(ignore_missing: Validator, unicode_safe: Validator) -> Schema:
    """One run, the newest by default."""
    return {"id": [ignore_missing, unicode_safe]}
