"""content that has had its time is deleted; holds keep it; each key vouches for the sheets"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'report', sa.Column('content_deleted_at', sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column('recovery_seal', sa.Column('sealed_public', sa.LargeBinary(), nullable=True))
    op.create_table(
        'content_hold',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('report_id', sa.Uuid(), nullable=False),
        sa.Column('referral_id', sa.Uuid(), nullable=False),
        sa.Column('put_by', sa.Uuid(), nullable=False),
        sa.Column('put_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('last_day', sa.Date(), nullable=True),
        sa.Column('agency_key_id', sa.String(length=64), nullable=False),
        sa.Column('sealed_reason', sa.LargeBinary(), nullable=True),
        sa.Column('released_by', sa.Uuid(), nullable=True),
        sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ['report_id'], ['report.id'], name=op.f('fk_content_hold_report_id_report')
        ),
        sa.ForeignKeyConstraint(
            ['referral_id'], ['referral.id'], name=op.f('fk_content_hold_referral_id_referral')
        ),
        sa.ForeignKeyConstraint(
            ['put_by'], ['person.id'], name=op.f('fk_content_hold_put_by_person')
        ),
        sa.ForeignKeyConstraint(
            ['released_by'], ['person.id'], name=op.f('fk_content_hold_released_by_person')
        ),
        sa.ForeignKeyConstraint(
            ['agency_key_id'],
            ['agency_key.id'],
            name=op.f('fk_content_hold_agency_key_id_agency_key'),
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_content_hold')),
    )
    op.create_index(op.f('ix_content_hold_report_id'), 'content_hold', ['report_id'])
    op.create_index('ix_content_hold_agency_key_id_id', 'content_hold', ['agency_key_id', 'id'])
    if op.get_bind().dialect.name == 'postgresql':  # what is sealed cannot be compressed
        op.execute('ALTER TABLE content_hold ALTER COLUMN sealed_reason SET STORAGE EXTERNAL')
        op.execute('ALTER TABLE recovery_seal ALTER COLUMN sealed_public SET STORAGE EXTERNAL')


def downgrade() -> None:
    op.drop_table('content_hold')
    op.drop_column('recovery_seal', 'sealed_public')
    op.drop_column('report', 'content_deleted_at')
