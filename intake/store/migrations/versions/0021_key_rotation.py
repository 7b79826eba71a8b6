"""keys over time: when a key came into use, who left with one, and what is sealed to which"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

_SEALED = ('wrap', 'move', 'note')


def upgrade() -> None:
    op.add_column('agency_key', sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True))
    op.execute('UPDATE agency_key SET activated_at = created_at')
    _index_in_use('activated_at IS NOT NULL AND retired_at IS NULL')
    for table in _SEALED:
        op.create_index(f'ix_{table}_agency_key_id_id', table, ['agency_key_id', 'id'])
    there = sa.text('detail_key_id IS NOT NULL')
    op.create_index(
        'ix_trail_detail_key_id_there',
        'trail',
        ['detail_key_id'],
        sqlite_where=there,
        postgresql_where=there,
    )
    op.create_table(
        'key_leaver',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('agency_key_id', sa.String(length=64), nullable=False),
        sa.Column('person_id', sa.Uuid(), nullable=False),
        sa.Column('left_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['agency_key_id'], ['agency_key.id'], name=op.f('fk_key_leaver_agency_key_id_agency_key')
        ),
        sa.ForeignKeyConstraint(
            ['person_id'], ['person.id'], name=op.f('fk_key_leaver_person_id_person')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_key_leaver')),
    )
    op.create_index(op.f('ix_key_leaver_agency_key_id'), 'key_leaver', ['agency_key_id'])
    op.add_column('person', sa.Column('sealed_recovery', sa.LargeBinary(), nullable=True))
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER TABLE person ALTER COLUMN sealed_recovery SET STORAGE EXTERNAL')


def downgrade() -> None:
    op.drop_column('person', 'sealed_recovery')
    op.drop_table('key_leaver')
    op.drop_index('ix_trail_detail_key_id_there', 'trail')
    for table in _SEALED:
        op.drop_index(f'ix_{table}_agency_key_id_id', table)
    op.execute('UPDATE agency_key SET retired_at = created_at WHERE activated_at IS NULL')
    _index_in_use('retired_at IS NULL')
    op.drop_column('agency_key', 'activated_at')


def _index_in_use(where: str) -> None:
    name = 'ix_agency_key_agency_id_in_use'
    op.drop_index(name, table_name='agency_key')
    op.create_index(
        name,
        'agency_key',
        ['agency_id'],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
