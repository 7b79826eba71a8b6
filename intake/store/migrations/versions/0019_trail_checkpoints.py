"""the trail's numbers and checkpoints; to whom something was disclosed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('trail', sa.Column('recipient', sa.String(length=64), nullable=True))
    op.create_table(
        'trail_number',
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('line_id', sa.Uuid(), nullable=False),
        sa.Column('leaf_hash', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_trail_number')),
        sa.UniqueConstraint('line_id', name=op.f('uq_trail_number_line_id')),
    )
    op.create_table(
        'checkpoint',
        sa.Column('size', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('peaks', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('size', name=op.f('pk_checkpoint')),
    )
    op.create_index(op.f('ix_checkpoint_at'), 'checkpoint', ['at'])
    op.create_table(
        'trail_epoch',
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('line_id', sa.Uuid(), nullable=False),
        sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_trail_epoch')),
    )
    op.create_index('ix_trail_person_id_at', 'trail', ['person_id', 'at'])


def downgrade() -> None:
    op.drop_index('ix_trail_person_id_at', table_name='trail')
    op.drop_table('trail_epoch')
    op.drop_table('checkpoint')
    op.drop_table('trail_number')
    op.drop_column('trail', 'recipient')
