"""Guard the rows: no public dataset without a record, no change of the history.

The first trigger fires only when a row becomes public, whoever writes it, so core
migrations that update every package pass. It names no columns (no UPDATE OF, no WHEN),
because that would block their ALTER TYPE.

Revision ID: 6b2e4d9c0f38
Revises: 1f0c8a5b7d21
Create Date: 2026-11-24
"""

from __future__ import annotations

from alembic import op

revision = "6b2e4d9c0f38"
down_revision = "1f0c8a5b7d21"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create functions and triggers."""
    op.execute(
        """
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
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER satudata_package_guard BEFORE INSERT OR UPDATE ON package
        FOR EACH ROW EXECUTE FUNCTION satudata_package_guard()
        """
    )
    op.execute(
        """
        CREATE OR REPLACE FUNCTION satudata_event_guard() RETURNS trigger AS $$
        BEGIN
            RAISE EXCEPTION 'the history is append-only' USING ERRCODE = 'SD002';
        END
        $$ LANGUAGE plpgsql
        """
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER satudata_event_guard BEFORE UPDATE OR DELETE ON satudata_event
        FOR EACH ROW EXECUTE FUNCTION satudata_event_guard()
        """
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER satudata_event_truncate_guard BEFORE TRUNCATE ON satudata_event
        FOR EACH STATEMENT EXECUTE FUNCTION satudata_event_guard()
        """
    )


def downgrade() -> None:
    """Drop triggers and functions; what is private stays private."""
    op.execute("DROP TRIGGER satudata_event_truncate_guard ON satudata_event")
    op.execute("DROP TRIGGER satudata_event_guard ON satudata_event")
    op.execute("DROP FUNCTION satudata_event_guard()")
    op.execute("DROP TRIGGER satudata_package_guard ON package")
    op.execute("DROP FUNCTION satudata_package_guard()")
