"""Documents of a letter: PDF and Word from one frozen data model.

The PDF is made by WeasyPrint from an HTML template, the Word file by docxtpl from a
template that the city can edit in Word (key ``template`` of the letter in the profile).
Both print the same keys of :func:`content`; nothing is fetched from anywhere.
"""

from __future__ import annotations

import io
import os
from datetime import date
from typing import Any

import segno
from babel.dates import format_date
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from ckanext.satudata import profile

FOLDER = os.path.join(os.path.dirname(__file__), "templates")
_environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)

#: Title of each kind as printed, and the sentence it carries (words page, section 9).
PRINTED: dict[str, tuple[str, str]] = {
    "surat_validasi": (
        "SURAT VALIDASI",
        "Menyatakan bahwa data pada lampiran benar, dapat dipertanggungjawabkan, dan "
        "disetujui untuk disebarluaskan.",
    ),
}


def short(fingerprint: str | None) -> str:
    """Short form of a fingerprint as letters print it: four groups of four digits."""
    digits = (fingerprint or "").rpartition(":")[2][:16]
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def content(
    kind: str,
    facts: dict[str, Any],
    signer: dict[str, str],
    entries: list[dict[str, str]],
) -> dict[str, Any]:
    """Everything that is printed on a letter, as JSON.

    Args:
        kind: e.g. surat_validasi.
        facts: ``number``, ``register_number``, ``dated``, ``organization`` (title),
            ``code``, ``verify_url``.
        signer: ``name``, ``rank``, ``nip``, ``office``, ``prefix`` (e.g. "Plh. ").
        entries: ``title``, ``period``, ``fingerprint`` of each dataset.
    """
    city = profile.current()
    title, statement = PRINTED[kind]
    dated: date = facts["dated"]
    code: str = facts["code"]
    return {
        **facts,
        "title": title,
        "statement": statement,
        "dated": format_date(dated, "d MMMM y", locale="id"),
        "letterhead": [
            line.format(organization=facts["organization"]) for line in city.letters.letterhead
        ],
        "city": city.city.name,
        "city_short": city.city.name.removeprefix("Kota ").removeprefix("Kabupaten "),
        "code_spaced": " ".join(code[start : start + 4] for start in range(0, len(code), 4)),
        "signer": signer,
        "entries": [{**one, "short": short(one["fingerprint"])} for one in entries],
    }


def pdf(kind: str, data: dict[str, Any]) -> bytes:
    """The letter as PDF.

    Args:
        kind: names the template ``<kind>.html``.
        data: as of :func:`content`.
    """
    # Loaded here: it pulls in the text layout libraries, which only letters need.
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    css = Markup(_environment.get_template("letter.css").render())  # noqa: S704 - own file
    qr = segno.make(data["verify_url"], error="m").svg_inline(border=1, omitsize=True)
    text = _environment.get_template(f"{kind}.html").render(
        **data,
        css=css,
        qr_svg=Markup(qr),  # noqa: S704 - made by segno
    )
    fetcher = URLFetcher(allowed_protocols=())
    return HTML(string=text, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1")


def docx(kind: str, data: dict[str, Any]) -> bytes:
    """The letter as Word document, for offices that print and sign on paper.

    Args:
        kind: names the template ``<kind>.docx``, unless the profile names another file.
        data: as of :func:`content`.
    """
    own = getattr(profile.current().letters, kind).template
    template = DocxTemplate(own or os.path.join(FOLDER, f"{kind}.docx"))
    image = io.BytesIO()
    segno.make(data["verify_url"], error="m").save(image, kind="png", scale=6, border=1)
    image.seek(0)
    template.render(
        {**data, "qr": InlineImage(template, image, width=Mm(20))},
        jinja_env=Environment(autoescape=True),
        autoescape=True,
    )
    target = io.BytesIO()
    template.save(target)
    return target.getvalue()
