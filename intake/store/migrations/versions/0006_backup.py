"""what was erased or ended for good"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import intake.store.columns

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('deletion',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('of_table', sa.String(length=32), nullable=False),
    sa.Column('of_row', sa.JSON(), nullable=False),
    sa.Column('of_column', sa.String(length=32), nullable=True),
    sa.Column('value', sa.String(length=64), nullable=True),
    sa.Column('at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('listed_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deletion'))
    )
    op.create_index(op.f('ix_deletion_at'), 'deletion', ['at'], unique=False)
    op.create_index('ix_deletion_id_unlisted', 'deletion', ['id'], unique=False, sqlite_where=sa.text('listed_at IS NULL'), postgresql_where=sa.text('listed_at IS NULL'))


def downgrade() -> None:
    op.drop_table('deletion')
