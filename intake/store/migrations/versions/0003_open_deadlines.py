"""an index of open deadlines alone"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_deadline_agency_id_met_at_due_at', 'deadline')
    op.create_index('ix_deadline_agency_id_due_at_open', 'deadline', ['agency_id', 'due_at'], unique=False, sqlite_where=sa.text('met_at IS NULL'), postgresql_where=sa.text('met_at IS NULL'))


def downgrade() -> None:
    op.drop_index('ix_deadline_agency_id_due_at_open', 'deadline')
    op.create_index('ix_deadline_agency_id_met_at_due_at', 'deadline', ['agency_id', 'met_at', 'due_at'], unique=False)
