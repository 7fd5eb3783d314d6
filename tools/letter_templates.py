"""Make the Word templates that ship: ``python tools/letter_templates.py``.

A city edits its own copy in Word and names it in its profile; this is how the first one
came to be, so that the file in the package can be made again.
"""

from __future__ import annotations

from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt

TARGET = Path(__file__).resolve().parent.parent / "ckanext/satudata/letters/templates"


def surat_validasi() -> Document:
    """The surat validasi: letterhead, signer, statement, signature, attachment, QR."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(25), Mm(22)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Liberation Serif", Pt(11)

    def line(text: str, *, bold: bool = False, center: bool = False, size: int = 11) -> None:
        paragraph = document.add_paragraph()
        run = paragraph.add_run(text)
        run.bold, run.font.size = bold, Pt(size)
        paragraph.paragraph_format.space_after = Pt(2)
        if center:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER

    line("{%p for line in letterhead %}")
    line("{{ line }}", bold=True, center=True, size=12)
    line("{%p endfor %}")
    line("")
    line("{{ title }}", bold=True, center=True, size=13)
    line("Nomor: {{ number }}", center=True)
    line("")
    line("Yang bertanda tangan di bawah ini:")
    for label, key in (
        ("Nama", "name"),
        ("Pangkat", "rank"),
        ("NIP", "nip"),
        ("Jabatan", "office"),
    ):
        line(f"{{%p if signer.{key} %}}")
        line(f"{label}: {{{{ signer.{key} }}}}")
        line("{%p endif %}")
    line("")
    line("{{ statement }}")
    line(
        "Data yang disetujui tercantum pada lampiran ({{ entries | length }} dataset). Setiap data "
        "terikat pada sidik jari isinya, sehingga perubahan isi setelah surat ini dapat diketahui."
    )
    line("")
    line("{{ city_short }}, {{ dated }}")
    line("{{ signer.prefix }}{{ signer.office }}")
    for _space in range(3):
        line("")
    line("{{ signer.name }}", bold=True)
    line("{%p if signer.nip %}")
    line("NIP {{ signer.nip }}")
    line("{%p endif %}")
    document.add_page_break()
    line("Lampiran Surat Validasi nomor {{ number }}", bold=True)
    table = document.add_table(rows=4, cols=4)
    table.style = "Table Grid"
    for cell, text in zip(
        table.rows[0].cells, ("No", "Dataset", "Periode", "Sidik jari"), strict=True
    ):
        cell.text = text
    table.rows[1].cells[0].text = "{%tr for one in entries %}"
    values = ("{{ loop.index }}", "{{ one.title }}", "{{ one.period }}", "{{ one.short }}")
    for cell, text in zip(table.rows[2].cells, values, strict=True):
        cell.text = text
    table.rows[3].cells[0].text = "{%tr endfor %}"
    line("")
    line("{{ qr }}")
    line("Keaslian surat ini dapat diperiksa di {{ verify_url }}", size=9)
    line("Nomor register portal {{ register_number }}, kode {{ code_spaced }}", size=9)
    return document


if __name__ == "__main__":
    surat_validasi().save(TARGET / "surat_validasi.docx")
