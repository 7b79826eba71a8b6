"""notes, and a report that may come to an agency again"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_LIVE = sa.text("came_from IS NOT NULL AND state <> 'withdrawn'")


def upgrade() -> None:
    op.create_table('note',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('referral_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('agency_key_id', sa.String(length=64), nullable=False),
    sa.Column('sealed_content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['agency_key_id'], ['agency_key.id'], name=op.f('fk_note_agency_key_id_agency_key')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_note_person_id_person')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_note_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_note'))
    )
    op.create_index('ix_note_referral_id_made_at', 'note', ['referral_id', 'made_at'])
    with op.batch_alter_table('referral') as batch:
        batch.drop_constraint(op.f('uq_referral_report_id_agency_id'), type_='unique')
        batch.create_unique_constraint(op.f('uq_referral_report_id_agency_id_arrived_at'), ['report_id', 'agency_id', 'arrived_at'])
    op.create_index('ix_referral_came_from_live', 'referral', ['came_from'], unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)


def downgrade() -> None:
    """Refused by the database where an agency has had a report twice."""
    op.drop_index('ix_referral_came_from_live', 'referral')
    with op.batch_alter_table('referral') as batch:
        batch.drop_constraint(op.f('uq_referral_report_id_agency_id_arrived_at'), type_='unique')
        batch.create_unique_constraint(op.f('uq_referral_report_id_agency_id'), ['report_id', 'agency_id'])
    op.drop_index('ix_note_referral_id_made_at', 'note')
    op.drop_table('note')
