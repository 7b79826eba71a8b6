"""indexes of the lists that are read a page at a time"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_deadline_agency_id_due_at_open', 'deadline')
    op.create_index('ix_deadline_agency_id_due_at_id_open', 'deadline', ['agency_id', 'due_at', 'id', 'referral_id'], unique=False, sqlite_where=sa.text('met_at IS NULL'), postgresql_where=sa.text('met_at IS NULL'))
    op.drop_index('ix_referral_agency_id_state', 'referral')
    op.create_index('ix_referral_agency_id_state_moved_at_id', 'referral', ['agency_id', 'state', 'moved_at', 'id'], unique=False)
    op.drop_index('ix_heartbeat_job', 'heartbeat')
    op.create_index('ix_heartbeat_job_finished_at', 'heartbeat', ['job', 'finished_at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_heartbeat_job_finished_at', 'heartbeat')
    op.create_index('ix_heartbeat_job', 'heartbeat', ['job'], unique=False)
    op.drop_index('ix_referral_agency_id_state_moved_at_id', 'referral')
    op.create_index('ix_referral_agency_id_state', 'referral', ['agency_id', 'state'], unique=False)
    op.drop_index('ix_deadline_agency_id_due_at_id_open', 'deadline')
    op.create_index('ix_deadline_agency_id_due_at_open', 'deadline', ['agency_id', 'due_at'], unique=False, sqlite_where=sa.text('met_at IS NULL'), postgresql_where=sa.text('met_at IS NULL'))
