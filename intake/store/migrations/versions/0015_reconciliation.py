"""what was sent, stored and looked at is counted each day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

COUNTS = ('sent', 'stored', 'routed', 'opened', 'chased', 'moved', 'lost')
UNCHASED = sa.text('met_at IS NULL AND next_chase_at IS NULL')


def upgrade() -> None:
    op.create_table(
        'reconciliation',
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('agency_id', sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column('checked_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('day', 'agency_id', name=op.f('pk_reconciliation')),
    )
    op.create_index(
        'ix_deadline_referral_id_unchased',
        'deadline',
        ['referral_id'],
        sqlite_where=UNCHASED,
        postgresql_where=UNCHASED,
    )


def downgrade() -> None:
    op.drop_index('ix_deadline_referral_id_unchased', table_name='deadline')
    op.drop_table('reconciliation')
