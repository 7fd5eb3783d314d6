"""Table of the storage: which stored file a resource serves."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from ckanext.satudata.common.model import Base, timestamp


class FilePointer(Base):
    """What the download of a resource answers, and what was uploaded where that differs.

    A resource made under the extension has a row from its first moment; without
    ``sha256`` it serves nothing. One without a row is older than the extension, and its
    file lies where CKAN put it. The row holds for a resource of ``package_id`` only, so
    that nobody inherits bytes with an id. ``original_sha256`` is the uploaded file of
    which the served one was made; it is for roles only.

    The collector takes a column whose name ends in ``sha256`` for a reference.
    """

    __table__ = sa.Table(
        "satudata_file_pointer",
        Base.metadata,
        sa.Column("resource_id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text),
        sa.Column("size", sa.BigInteger),
        sa.Column("original_sha256", sa.Text),
        sa.Column("original_name", sa.Text),
        timestamp("changed_at", now=True),
        sa.Index("ix_satudata_file_pointer_package_id", "package_id"),
        sa.Index("ix_satudata_file_pointer_sha256", "sha256"),
        sa.Index("ix_satudata_file_pointer_original_sha256", "original_sha256"),
    )

    resource_id: Mapped[str]
    package_id: Mapped[str]
    sha256: Mapped[str | None]
    size: Mapped[int | None]
    original_sha256: Mapped[str | None]
    original_name: Mapped[str | None]
    changed_at: Mapped[datetime]
