"""who is shut out of a report, and further sections that were asked for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

SEALED = (
    ('recusal', 'sealed_reason'),
    ('section_request', 'sealed_asked'),
    ('section_request', 'sealed_own'),
    ('section_request', 'sealed_given'),
    ('section_request', 'sealed_answer'),
    ('section_request', 'sealed_keys'),
)


def upgrade() -> None:
    op.create_table(
        'recusal',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('report_id', sa.Uuid(), nullable=False),
        sa.Column('referral_id', sa.Uuid(), nullable=False),
        sa.Column('person_id', sa.Uuid(), nullable=False),
        sa.Column('declared_by', sa.Uuid(), nullable=False),
        sa.Column('declared_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('agency_key_id', sa.String(length=64), nullable=False),
        sa.Column('sealed_reason', sa.LargeBinary(), nullable=True),
        sa.Column('lifted_by', sa.Uuid(), nullable=True),
        sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
        *_points('recusal', report_id='report', referral_id='referral', person_id='person'),
        *_points('recusal', declared_by='person', lifted_by='person', agency_key_id='agency_key'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_recusal')),
    )
    stands = sa.text('lifted_at IS NULL')
    op.create_index(
        'ix_recusal_person_id_report_id_stands',
        'recusal',
        ['person_id', 'report_id'],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
    op.create_index(op.f('ix_recusal_report_id'), 'recusal', ['report_id'])
    op.create_index('ix_recusal_agency_key_id_id', 'recusal', ['agency_key_id', 'id'])
    op.create_table(
        'section_request',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('asker_id', sa.Uuid(), nullable=False),
        sa.Column('lead_id', sa.Uuid(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('asked_by', sa.Uuid(), nullable=False),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('answered_by', sa.Uuid(), nullable=True),
        sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('withdrawn_by', sa.Uuid(), nullable=True),
        sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('lead_key_id', sa.String(length=64), nullable=False),
        sa.Column('asker_key_id', sa.String(length=64), nullable=False),
        *(
            sa.Column(column, sa.LargeBinary(), nullable=True)
            for table, column in SEALED
            if table == 'section_request'
        ),
        *_points('section_request', asker_id='referral', lead_id='referral'),
        *_points('section_request', asked_by='person', answered_by='person'),
        *_points('section_request', withdrawn_by='person', lead_key_id='agency_key'),
        *_points('section_request', asker_key_id='agency_key'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_section_request')),
    )
    for column in ('asker_id', 'lead_id'):
        op.create_index(op.f(f'ix_section_request_{column}'), 'section_request', [column])
    for column in ('lead_key_id', 'asker_key_id'):
        name = f'ix_section_request_{column}_id'
        op.create_index(name, 'section_request', [column, 'id'])
    if op.get_bind().dialect.name == 'postgresql':  # what is sealed cannot be compressed
        for table, column in SEALED:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL')


def downgrade() -> None:
    op.drop_table('section_request')
    op.drop_table('recusal')


def _points(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f'{target}.id'], name=op.f(f'fk_{table}_{column}_{target}')
        )
        for column, target in targets.items()
    ]
