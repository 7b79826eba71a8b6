"""half-years: an index of the assessments' met deadlines, what was reported, and the reminders"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('half_year_report',
    sa.Column('controller_id', sa.String(length=64), nullable=False),
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('reported_on', sa.Date(), nullable=True),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_half_year_report_person_id_person')),
    sa.PrimaryKeyConstraint('controller_id', 'period', 'number', name=op.f('pk_half_year_report'))
    )
    op.create_table('half_year_step',
    sa.Column('controller_id', sa.String(length=64), nullable=False),
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('step', sa.String(length=16), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('letters', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('controller_id', 'period', 'step', name=op.f('pk_half_year_step'))
    )
    met = sa.text("met_at IS NOT NULL AND clock IN ('lsl26_start', 'lsl26_complete')")
    op.create_index('ix_deadline_half_year', 'deadline', ['agency_id', 'met_on', 'met_at', 'clock', 'met_by', 'due_on', 'due_extended_on'], sqlite_where=met, postgresql_where=met)


def downgrade() -> None:
    op.drop_index('ix_deadline_half_year', 'deadline')
    op.drop_table('half_year_step')
    op.drop_table('half_year_report')
