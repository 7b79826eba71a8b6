"""entries of the directory, which the keeper of its key signs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

_TABLE = 'directory_entry'
_EVENTS = ('insert', 'update', 'delete')


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('membership_id', sa.Uuid(), nullable=True),
        sa.Column('agency_key_id', sa.String(length=64), nullable=True),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('needs_two', sa.Boolean(), nullable=False),
        sa.Column('proposed_by', sa.Uuid(), nullable=True),
        sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('confirmed_by', sa.Uuid(), nullable=True),
        sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('signature', sa.LargeBinary(), nullable=True),
        sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ['proposed_by'], ['person.id'], name=op.f('fk_directory_entry_proposed_by_person')
        ),
        sa.ForeignKeyConstraint(
            ['confirmed_by'], ['person.id'], name=op.f('fk_directory_entry_confirmed_by_person')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_entry')),
    )
    for column in ('membership_id', 'agency_key_id'):
        op.create_index(f'ix_directory_entry_{column}', _TABLE, [column])
    for event in _EVENTS:
        if op.get_bind().dialect.name == 'postgresql':
            op.execute(
                f'CREATE TRIGGER {_TABLE}_{event}_stamps AFTER {event} ON {_TABLE} '
                'FOR EACH STATEMENT EXECUTE FUNCTION renew_openers_stamp()'
            )
        else:
            op.execute(
                'CREATE TRIGGER {0}_{1}_stamps AFTER {1} ON {0} '
                'BEGIN UPDATE openers_stamp SET stamp = randomblob(16); END'.format(_TABLE, event)  # nosec B608 # our own names
            )


def downgrade() -> None:
    op.drop_table(_TABLE)
