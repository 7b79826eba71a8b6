"""reminders to staff, told in letters and on a page; who is absent"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'absence',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('person_id', sa.Uuid(), nullable=False),
        sa.Column('first_day', sa.Date(), nullable=False),
        sa.Column('last_day', sa.Date(), nullable=True),
        sa.Column('stand_in_id', sa.Uuid(), nullable=True),
        sa.Column('recorded_by', sa.Uuid(), nullable=False),
        sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ['person_id'], ['person.id'], name=op.f('fk_absence_person_id_person')
        ),
        sa.ForeignKeyConstraint(
            ['stand_in_id'], ['person.id'], name=op.f('fk_absence_stand_in_id_person')
        ),
        sa.ForeignKeyConstraint(
            ['recorded_by'], ['person.id'], name=op.f('fk_absence_recorded_by_person')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_absence')),
    )
    in_force = sa.text('withdrawn_at IS NULL')
    op.create_index(
        'ix_absence_person_id_in_force',
        'absence',
        ['person_id'],
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    op.create_table(
        'reminder',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('person_id', sa.Uuid(), nullable=False),
        sa.Column('deadline_id', sa.Uuid(), nullable=False),
        sa.Column('chase_id', sa.Uuid(), nullable=False),
        sa.Column('role', sa.String(length=16), nullable=False),
        sa.Column('for_id', sa.Uuid(), nullable=True),
        sa.Column('urgent', sa.Boolean(), nullable=False),
        sa.Column('params', sa.JSON(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('letter_id', sa.Uuid(), nullable=True),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ['person_id'], ['person.id'], name=op.f('fk_reminder_person_id_person')
        ),
        sa.ForeignKeyConstraint(
            ['deadline_id'], ['deadline.id'], name=op.f('fk_reminder_deadline_id_deadline')
        ),
        sa.ForeignKeyConstraint(
            ['chase_id'], ['chase.id'], name=op.f('fk_reminder_chase_id_chase')
        ),
        sa.ForeignKeyConstraint(['for_id'], ['person.id'], name=op.f('fk_reminder_for_id_person')),
        sa.ForeignKeyConstraint(
            ['letter_id'], ['outbox.id'], name=op.f('fk_reminder_letter_id_outbox')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    )
    untold = sa.text('letter_id IS NULL')
    op.create_index(
        'ix_reminder_person_id_untold',
        'reminder',
        ['person_id', 'created_at'],
        sqlite_where=untold,
        postgresql_where=untold,
    )
    op.create_index(
        'ix_reminder_person_id_created_at', 'reminder', ['person_id', 'created_at']
    )
    unseen = sa.text('seen_at IS NULL')
    op.create_index(
        'ix_reminder_person_id_unseen',
        'reminder',
        ['person_id'],
        sqlite_where=unseen,
        postgresql_where=unseen,
    )
    op.create_index(op.f('ix_reminder_letter_id'), 'reminder', ['letter_id'])
    # The steps of one morning come at one instant: in the order of the index none is sorted.
    _index_next_chase_at('next_chase_at', 'id')


def downgrade() -> None:
    op.drop_table('reminder')
    op.drop_table('absence')
    _index_next_chase_at('next_chase_at')


def _index_next_chase_at(*columns: str) -> None:
    name, is_open = 'ix_deadline_next_chase_at_open', sa.text('next_chase_at IS NOT NULL')
    op.drop_index(name, table_name='deadline')
    op.create_index(
        name, 'deadline', list(columns), sqlite_where=is_open, postgresql_where=is_open
    )
