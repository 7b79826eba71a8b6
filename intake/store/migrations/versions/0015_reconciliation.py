"""what was sent, stored and looked at is counted each day; invented reports try every route"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

COUNTS = ('sent', 'stored', 'routed', 'opened', 'chased', 'moved', 'lost')
STEPS = ('sent_at', 'arrived_at', 'chased_at', 'erased_at')
POINTING = (('referral', 'came_from'), ('outbox', 'report_id'))
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
    op.create_table(
        'canary',
        sa.Column('report_id', sa.Uuid(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('route', sa.String(length=96), nullable=False),
        sa.Column('attempt', sa.Integer(), nullable=False),
        sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in STEPS),
        sa.Column('fault', sa.String(length=16), nullable=True),
        sa.Column('agencies', sa.JSON(), nullable=False),
        sa.Column('reached', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('report_id', name=op.f('pk_canary')),
        sa.UniqueConstraint('day', 'route', 'attempt', name=op.f('uq_canary_day_route_attempt')),
    )
    # Whatever points at a row that is erased is looked for: not by reading all of it.
    for table, column in POINTING:
        there = sa.text(f'{column} IS NOT NULL')
        name = f'ix_{table}_{column}_there'
        op.create_index(name, table, [column], sqlite_where=there, postgresql_where=there)
    op.create_index(
        'ix_deadline_referral_id_unchased',
        'deadline',
        ['referral_id'],
        sqlite_where=UNCHASED,
        postgresql_where=UNCHASED,
    )


def downgrade() -> None:
    op.drop_index('ix_deadline_referral_id_unchased', table_name='deadline')
    for table, column in POINTING:
        op.drop_index(f'ix_{table}_{column}_there', table_name=table)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION IF EXISTS public.erase_canary(uuid)')
    op.drop_table('canary')
    op.drop_table('reconciliation')
