"""Adopted publications, and what the triggers did not refuse yet.

A record says how it came about, and an adopted one keeps the title that no letter keeps.
The guard of ``package`` refuses in addition a type by which a dataset would leave the
workflow, and another id for a public row; the record of a deleted row is revoked, so that
another content under the same id is not covered by it. A record cannot go while its
dataset is public: looked at when the transaction ends, because a withdrawal writes both.

Revision ID: d3a96b07e5c1
Revises: a3c9e7f04b52
Create Date: 2026-11-25
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "d3a96b07e5c1"
down_revision = "a3c9e7f04b52"
branch_labels = None
depends_on = None

_TABLE = "satudata_publication"
_PACKAGE_GUARD = """
CREATE OR REPLACE FUNCTION satudata_package_guard() RETURNS trigger AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.type IS DISTINCT FROM NEW.type
       AND satudata_is_unmanaged(NEW.type) AND NOT satudata_is_unmanaged(OLD.type) THEN
        RAISE EXCEPTION 'dataset % cannot leave the workflow by its type', NEW.id
            USING ERRCODE = 'SD001';
    END IF;
    IF NEW.state IS DISTINCT FROM 'active' OR NEW.private IS TRUE THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'active' AND OLD.private IS NOT TRUE
       AND OLD.type IS NOT DISTINCT FROM NEW.type AND OLD.id = NEW.id THEN
        RETURN NEW;
    END IF;
    IF satudata_is_unmanaged(NEW.type) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM satudata_publication
               WHERE package_id = NEW.id AND revoked_at IS NULL) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'dataset % has no publication record', NEW.id
        USING ERRCODE = 'SD001';
END
$$ LANGUAGE plpgsql
"""
_UNMANAGED = """
CREATE OR REPLACE FUNCTION satudata_is_unmanaged(kind text) RETURNS boolean AS $$
    SELECT EXISTS (SELECT 1 FROM satudata_unmanaged_type WHERE type = coalesce(kind, 'dataset'))
$$ LANGUAGE sql STABLE
"""
_GONE = """
CREATE OR REPLACE FUNCTION satudata_package_gone() RETURNS trigger AS $$
BEGIN
    UPDATE satudata_publication SET revoked_at = now()
    WHERE package_id = OLD.id AND revoked_at IS NULL;
    RETURN NULL;
END
$$ LANGUAGE plpgsql
"""
_RECORD_GUARD = """
CREATE OR REPLACE FUNCTION satudata_publication_guard() RETURNS trigger AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM package p WHERE p.id = OLD.package_id
               AND p.state = 'active' AND p.private IS NOT TRUE
               AND NOT satudata_is_unmanaged(p.type))
       AND NOT EXISTS (SELECT 1 FROM satudata_publication
                       WHERE package_id = OLD.package_id AND revoked_at IS NULL) THEN
        RAISE EXCEPTION 'dataset % is public, its publication record has to stay', OLD.package_id
            USING ERRCODE = 'SD003';
    END IF;
    RETURN NULL;
END
$$ LANGUAGE plpgsql
"""
_NO_TRUNCATE = """
CREATE OR REPLACE FUNCTION satudata_publication_kept() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'publication records are revoked one by one' USING ERRCODE = 'SD003';
END
$$ LANGUAGE plpgsql
"""


def upgrade() -> None:
    """Add the columns, widen the guard, guard the records."""
    op.add_column(_TABLE, sa.Column("kind", sa.Text, nullable=False, server_default="validated"))
    op.alter_column(_TABLE, "kind", server_default=None)
    op.add_column(_TABLE, sa.Column("title", sa.Text))
    op.create_check_constraint(
        "ck_satudata_publication_kind", _TABLE, "kind IN ('adopted', 'validated')"
    )
    for statement in (_UNMANAGED, _PACKAGE_GUARD, _GONE, _RECORD_GUARD, _NO_TRUNCATE):
        op.execute(statement)
    op.execute(
        "CREATE OR REPLACE TRIGGER satudata_package_gone AFTER DELETE ON package"
        " FOR EACH ROW EXECUTE FUNCTION satudata_package_gone()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER satudata_publication_guard"
        " AFTER UPDATE OR DELETE ON satudata_publication DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION satudata_publication_guard()"
    )
    op.execute(
        "CREATE OR REPLACE TRIGGER satudata_publication_truncate_guard"
        " BEFORE TRUNCATE ON satudata_publication"
        " FOR EACH STATEMENT EXECUTE FUNCTION satudata_publication_kept()"
    )


def downgrade() -> None:
    """Drop what guards the records; the guard of the datasets becomes that of before."""
    op.execute("DROP TRIGGER satudata_publication_truncate_guard ON satudata_publication")
    op.execute("DROP TRIGGER satudata_publication_guard ON satudata_publication")
    op.execute("DROP TRIGGER satudata_package_gone ON package")
    for name in ("publication_kept", "publication_guard", "package_gone"):
        op.execute(f"DROP FUNCTION satudata_{name}()")
    op.execute(_BEFORE)
    op.execute("DROP FUNCTION satudata_is_unmanaged(text)")
    op.drop_constraint("ck_satudata_publication_kind", _TABLE, type_="check")
    op.drop_column(_TABLE, "title")
    op.drop_column(_TABLE, "kind")


#: The guard as migration 002 made it.
_BEFORE = """
CREATE OR REPLACE FUNCTION satudata_package_guard() RETURNS trigger AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM 'active' OR NEW.private IS TRUE THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'active' AND OLD.private IS NOT TRUE
       AND OLD.type IS NOT DISTINCT FROM NEW.type THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM satudata_unmanaged_type
               WHERE type = coalesce(NEW.type, 'dataset')) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM satudata_publication
               WHERE package_id = NEW.id AND revoked_at IS NULL) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'dataset % has no publication record', NEW.id
        USING ERRCODE = 'SD001';
END
$$ LANGUAGE plpgsql
"""
