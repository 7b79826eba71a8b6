"""blind marks of children, by which an agency recognises one whom it has been told of before"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'same_child',
        sa.Column('referral_id', sa.Uuid(), nullable=False),
        sa.Column('child', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('agency_id', sa.String(length=64), nullable=False),
        sa.Column('blind', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ['referral_id'], ['referral.id'], name=op.f('fk_same_child_referral_id_referral')
        ),
        sa.ForeignKeyConstraint(
            ['agency_id'], ['agency.id'], name=op.f('fk_same_child_agency_id_agency')
        ),
        sa.PrimaryKeyConstraint('referral_id', 'child', 'kind', name=op.f('pk_same_child')),
    )
    op.create_index('ix_same_child_agency_id_blind', 'same_child', ['agency_id', 'blind'])
    op.create_table(
        'agency_index_key',
        sa.Column('agency_id', sa.String(length=64), nullable=False),
        sa.Column('agency_key_id', sa.String(length=64), nullable=False),
        sa.Column('sealed_secret', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ['agency_id'], ['agency.id'], name=op.f('fk_agency_index_key_agency_id_agency')
        ),
        sa.ForeignKeyConstraint(
            ['agency_key_id'],
            ['agency_key.id'],
            name=op.f('fk_agency_index_key_agency_key_id_agency_key'),
        ),
        sa.PrimaryKeyConstraint('agency_id', name=op.f('pk_agency_index_key')),
    )
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER TABLE agency_index_key ALTER COLUMN sealed_secret SET STORAGE EXTERNAL')


def downgrade() -> None:
    op.drop_table('agency_index_key')
    op.drop_table('same_child')
