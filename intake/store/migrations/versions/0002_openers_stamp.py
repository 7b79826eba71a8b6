"""a stamp of who can open"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

_CHANGES = [
    (table, event)
    for table in ('agency_grant', 'agency_key', 'membership', 'person')
    for event in ('insert', 'update', 'delete')
]


def upgrade() -> None:
    op.create_table('openers_stamp',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('stamp', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_openers_stamp'))
    )
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('INSERT INTO openers_stamp (id, stamp) VALUES (1, uuid_send(gen_random_uuid()))')
        # As its owner: who changes people needs no right to the stamp.
        op.execute(
            'CREATE FUNCTION renew_openers_stamp() RETURNS trigger LANGUAGE plpgsql '
            'SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN '
            'UPDATE openers_stamp SET stamp = uuid_send(gen_random_uuid()); RETURN NULL; END $$'
        )
        for table, event in _CHANGES:
            op.execute(
                f'CREATE TRIGGER {table}_{event}_stamps AFTER {event} ON {table} '
                'FOR EACH STATEMENT EXECUTE FUNCTION renew_openers_stamp()'
            )
        return
    op.execute('INSERT INTO openers_stamp (id, stamp) VALUES (1, randomblob(16))')
    for table, event in _CHANGES:
        op.execute(
            'CREATE TRIGGER {0}_{1}_stamps AFTER {1} ON {0} '
            'BEGIN UPDATE openers_stamp SET stamp = randomblob(16); END'.format(table, event)  # nosec B608 # our own names
        )


def downgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == 'postgresql'
    for table, event in _CHANGES:
        op.execute(f'DROP TRIGGER {table}_{event}_stamps' + (f' ON {table}' if on_postgresql else ''))
    if on_postgresql:
        op.execute('DROP FUNCTION renew_openers_stamp()')
    op.drop_table('openers_stamp')
