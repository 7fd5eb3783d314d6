"""What a signed PDF is told when its signature does not count."""

from __future__ import annotations

from io import BytesIO

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from ckan.plugins import toolkit as tk

from ckanext.satudata.letters import signing

from tests import factories as make

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("with_plugins", "non_clean_db")]


CHANGED = "The PDF was changed after it was signed."


def _told(content: bytes) -> str:
    with pytest.raises(tk.ValidationError) as refused:
        signing.check(BytesIO(content))
    assert refused.value.error_dict["code"] == ["not_signed"]
    (told,) = refused.value.error_dict["upload"]
    return told


def _with_another_page_list(content: bytes) -> bytes:
    """A revision behind the signature that shows something else."""
    writer = IncrementalPdfFileWriter(BytesIO(content))
    writer.root["/Pages"]["/Kids"].append(writer.root["/Pages"]["/Kids"].raw_get(0))
    writer.update_container(writer.root["/Pages"])
    changed = BytesIO()
    writer.write(changed)
    return changed.getvalue()


def test_a_pdf_changed_after_signing_says_so(test_request_context):
    """What is put behind the signature is not signed."""
    with test_request_context():
        assert _told(_with_another_page_list(make.signed())) == tk._(CHANGED)


def test_a_signature_that_cannot_be_judged_accuses_nobody(
    test_request_context, ckan_config, tmp_path
):
    """A list of issuers that cannot be read is the portal's fault, not the signer's."""
    before = ckan_config["ckanext.satudata.trust_roots"]
    ckan_config["ckanext.satudata.trust_roots"] = [str(tmp_path / "absent.pem")]
    try:
        with test_request_context():
            assert _told(make.signed()) != tk._(CHANGED)
    finally:
        ckan_config["ckanext.satudata.trust_roots"] = before
