"""Interfaces for other plugins: what a city adds without changing this extension."""

from __future__ import annotations

from typing import Any, Protocol

from ckan.plugins.interfaces import Interface


class SignatureError(Exception):
    """An adapter did not sign; its text is told to the signer and nothing is stored."""


class SignatureAdapter(Protocol):
    """An electronic signature service, e.g. the national certification service."""

    def fields(self) -> list[dict[str, Any]]:
        """What the signer types: ``name``, ``label`` and ``secret`` (never kept) each."""
        ...

    def sign(self, pdf: bytes, signer: dict[str, Any], given: dict[str, str]) -> bytes:
        """Sign a letter.

        Args:
            pdf: the rendered letter.
            signer: ``name``, ``rank``, ``nip``, ``office`` and ``user`` (account name).
            given: what was typed, by name of the field.

        Returns:
            The signed PDF.

        Raises:
            SignatureError: wrong passphrase, service away, and the like.
        """
        ...


class ISatudataSignature(Interface):
    """Bring an electronic signature to the letters (way ``tte``)."""

    def signature_adapter(self) -> SignatureAdapter:
        """The adapter; with several plugins the first one counts."""
        raise NotImplementedError
