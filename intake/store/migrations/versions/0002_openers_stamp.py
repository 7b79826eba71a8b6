"""a stamp of who can open"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

_WATCHED = ('agency_grant', 'agency_key', 'membership', 'person')
_EVENTS = ('insert', 'update', 'delete')


def upgrade() -> None:
    op.create_table('openers_stamp',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('stamp', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_openers_stamp'))
    )
    op.execute('INSERT INTO openers_stamp (id, stamp) VALUES (1, randomblob(16))')
    for table in _WATCHED:
        for event in _EVENTS:
            op.execute(
                f'CREATE TRIGGER {table}_{event}_stamps AFTER {event} ON {table} '
                'BEGIN UPDATE openers_stamp SET stamp = randomblob(16); END'
            )


def downgrade() -> None:
    for table in _WATCHED:
        for event in _EVENTS:
            op.execute(f'DROP TRIGGER {table}_{event}_stamps')
    op.drop_table('openers_stamp')
