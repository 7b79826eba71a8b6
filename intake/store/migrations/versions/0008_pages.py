"""indexes of the lists that are read a page at a time"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

_RUNNING = sa.text('met_at IS NULL')
_SENT_LEAD = sa.text("state = 'sent' AND is_lead")


def upgrade() -> None:
    op.drop_index('ix_deadline_agency_id_due_at_open', 'deadline')
    op.create_index('ix_deadline_agency_id_due_at_id_open', 'deadline', ['agency_id', 'due_at', 'id', 'referral_id'], sqlite_where=_RUNNING, postgresql_where=_RUNNING)
    op.drop_index('ix_referral_agency_id_state', 'referral')
    op.create_index('ix_referral_agency_id_state_moved_at_id', 'referral', ['agency_id', 'state', 'moved_at', 'id'])
    op.create_index('ix_referral_id_sent_lead', 'referral', ['id'], sqlite_where=_SENT_LEAD, postgresql_where=_SENT_LEAD)
    op.drop_index('ix_heartbeat_job', 'heartbeat')
    op.create_index('ix_heartbeat_job_finished_at', 'heartbeat', ['job', 'finished_at'])


def downgrade() -> None:
    op.drop_index('ix_heartbeat_job_finished_at', 'heartbeat')
    op.create_index('ix_heartbeat_job', 'heartbeat', ['job'])
    op.drop_index('ix_referral_id_sent_lead', 'referral')
    op.drop_index('ix_referral_agency_id_state_moved_at_id', 'referral')
    op.create_index('ix_referral_agency_id_state', 'referral', ['agency_id', 'state'])
    op.drop_index('ix_deadline_agency_id_due_at_id_open', 'deadline')
    op.create_index('ix_deadline_agency_id_due_at_open', 'deadline', ['agency_id', 'due_at'], sqlite_where=_RUNNING, postgresql_where=_RUNNING)
