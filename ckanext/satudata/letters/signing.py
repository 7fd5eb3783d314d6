"""Electronic signatures: the adapter that signs, and the look at an uploaded PDF.

pyHanko reads the signature; nothing is fetched from the net. Whether its issuer is
trusted follows from the certificates of the option ``trust_roots``.
"""

from __future__ import annotations

import io
import logging
from typing import IO, Any

from ckan import plugins as p
from ckan.plugins.toolkit import _

from ckanext.satudata import config
from ckanext.satudata.common.errors import refuse
from ckanext.satudata.interfaces import ISatudataSignature, SignatureAdapter, SignatureError

log = logging.getLogger(__name__)
# It logs each issuer that is not trusted with a traceback; check() tells that in words.
logging.getLogger("pyhanko.sign.validation").setLevel(logging.ERROR)


def adapter() -> SignatureAdapter | None:
    """The signature service of this portal, if a plugin brings one."""
    for plugin in p.PluginImplementations(ISatudataSignature):
        return plugin.signature_adapter()
    return None


def sign(pdf: bytes, signer: dict[str, Any], given: dict[str, str]) -> bytes:
    """Have a letter signed by the adapter.

    Raises:
        Refusal: ``not_signed``; no adapter, or what the adapter says.
    """
    service = adapter()
    if service is None:
        refuse(
            "not_signed", _("This portal has no electronic signature. Choose another way."), "way"
        )
    try:
        return service.sign(pdf, signer, given)
    except SignatureError as error:
        refuse("not_signed", _("Not signed: %(why)s Try again.") % {"why": error}, "way")


def check(source: IO[bytes]) -> str:
    """Look at the electronic signature of a PDF; the position is put back.

    Returns:
        ``ok`` (intact, trusted issuer) or ``unknown`` (intact, issuer not trusted).

    Raises:
        Refusal: no PDF, no signature in it, or content changed after signing.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        content = source.read()
        source.seek(0)
        signatures = PdfFileReader(io.BytesIO(content)).embedded_signatures
    except Exception:
        # A damaged PDF breaks its reader in many ways; all mean that it cannot be read.
        refuse(
            "file_unread",
            _("The file cannot be read as PDF. Nothing has been stored yet."),
            "upload",
        )
    if not signatures:
        refuse(
            "not_signed",
            _(
                "This PDF carries no electronic signature. Sign it in your signing "
                "application first, or choose to print, sign and scan."
            ),
            "upload",
        )
    try:
        found = [_judge(one, last=one is signatures[-1]) for one in signatures]
    except Exception:
        # Whatever a signature looks like that cannot be judged, it does not count.
        log.warning("A signature could not be judged", exc_info=True)
        refuse(
            "not_signed",
            _(
                "The electronic signature of this PDF cannot be checked. Sign it again, or "
                "choose to print, sign and scan."
            ),
            "upload",
        )
    if "broken" in found:
        refuse("not_signed", _("The PDF was changed after it was signed."), "upload")
    return "ok" if all(one == "ok" for one in found) else "unknown"


def _judge(signature: Any, *, last: bool) -> str:
    """ok, unknown or broken for one signature of a file; the last one covers it all."""
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    context = ValidationContext(trust_roots=_trust_roots(), allow_fetching=False)
    status = validate_pdf_signature(signature, signer_validation_context=context)
    if not (status.intact and status.valid and status.docmdp_ok is not False):
        return "broken"
    if last and status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        return "broken"
    return "ok" if status.trusted else "unknown"


def _trust_roots() -> list[Any]:
    from pyhanko.keys import load_certs_from_pemder

    return list(load_certs_from_pemder(config.trust_roots()))
