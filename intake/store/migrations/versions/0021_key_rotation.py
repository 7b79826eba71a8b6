"""keys over time: when a key came into use, who left with one, and what is sealed to which"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

_SEALED = ('wrap', 'move', 'note')
_NEWLY_SEALED = (
    ('person', 'sealed_recovery'),
    ('agency_recovery', 'sealed_public'),
    ('recovery_seal', 'sealed_key'),
)


def upgrade() -> None:
    op.add_column('agency_key', sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True))
    op.execute('UPDATE agency_key SET activated_at = created_at')
    _index_in_use('activated_at IS NOT NULL AND retired_at IS NULL')
    op.add_column('agency_grant', sa.Column('voucher', sa.LargeBinary(), nullable=True))
    op.execute('DELETE FROM agency_grant WHERE withdrawn_at IS NOT NULL')
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
    op.create_table(
        'agency_recovery',
        sa.Column('agency_id', sa.String(length=64), nullable=False),
        sa.Column('recovery_key_id', sa.String(length=32), nullable=False),
        sa.Column('agency_key_id', sa.String(length=64), nullable=False),
        sa.Column('sealed_public', sa.LargeBinary(), nullable=False),
        sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['agency_id'], ['agency.id'], name=op.f('fk_agency_recovery_agency_id_agency')
        ),
        sa.ForeignKeyConstraint(
            ['agency_key_id'],
            ['agency_key.id'],
            name=op.f('fk_agency_recovery_agency_key_id_agency_key'),
        ),
        sa.PrimaryKeyConstraint('agency_id', name=op.f('pk_agency_recovery')),
    )
    op.create_table(
        'recovery_seal',
        sa.Column('agency_key_id', sa.String(length=64), nullable=False),
        sa.Column('recovery_key_id', sa.String(length=32), nullable=False),
        sa.Column('sealed_key', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ['agency_key_id'],
            ['agency_key.id'],
            name=op.f('fk_recovery_seal_agency_key_id_agency_key'),
        ),
        sa.PrimaryKeyConstraint('agency_key_id', name=op.f('pk_recovery_seal')),
    )
    if op.get_bind().dialect.name == 'postgresql':
        for table, column in _NEWLY_SEALED:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL')


def downgrade() -> None:
    op.drop_table('recovery_seal')
    op.drop_table('agency_recovery')
    op.drop_column('person', 'sealed_recovery')
    op.drop_table('key_leaver')
    op.drop_index('ix_trail_detail_key_id_there', 'trail')
    for table in _SEALED:
        op.drop_index(f'ix_{table}_agency_key_id_id', table)
    op.execute('UPDATE agency_key SET retired_at = created_at WHERE activated_at IS NULL')
    op.drop_column('agency_grant', 'voucher')
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
