"""Sign letters of the demo city electronically, with a certificate made on the spot.

Nobody trusts its issuer: the portal shows "intact, issuer not trusted". A real city
signs with certificates of the national certification service.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore


@lru_cache(maxsize=64)
def _signer(name: str) -> tuple[signers.SimpleSigner, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    usage = x509.KeyUsage(True, True, False, False, False, True, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    der = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    signer = signers.SimpleSigner(
        signing_cert=next(load_certs_from_pemder_data(pem)),
        signing_key=load_private_key_from_pemder_data(der, passphrase=None),
        cert_registry=SimpleCertificateStore(),
    )
    return signer, pem


def certificate(name: str) -> bytes:
    """The certificate of a person, as PEM."""
    return _signer(name)[1]


def sign(pdf: bytes, name: str) -> bytes:
    """A PDF with the electronic signature of a person."""
    target = IncrementalPdfFileWriter(io.BytesIO(pdf))
    how = signers.PdfSignatureMetadata(field_name="Signature1", md_algorithm="sha256")
    # The library wants a thread without a running event loop, as a browser test has one.
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(signers.sign_pdf, target, how, signer=_signer(name)[0])
        return done.result().getvalue()
