"""administration: a stamp of the directory, invitations, alarms, one key in use for each agency"""

from __future__ import annotations

import os

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    stamp = op.create_table('directory_stamp',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('stamp', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_stamp'))
    )
    op.bulk_insert(stamp, [{'id': 1, 'stamp': os.urandom(16)}])
    op.create_table('invitation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('lookup_id', sa.LargeBinary(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('sign_in_name', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('roles', sa.JSON(), nullable=False),
    sa.Column('invited_by', sa.Uuid(), nullable=True),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['invited_by'], ['person.id'], name=op.f('fk_invitation_invited_by_person')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_invitation_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('lookup_id', name=op.f('uq_invitation_lookup_id'))
    )
    op.create_index('ix_invitation_sign_in_name_open', 'invitation', ['sign_in_name'], unique=True, sqlite_where=sa.text('accepted_at IS NULL AND withdrawn_at IS NULL'), postgresql_where=sa.text('accepted_at IS NULL AND withdrawn_at IS NULL'))
    op.create_table('alarm',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('controller_id', sa.String(length=64), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('raised_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alarm')),
    sa.UniqueConstraint('controller_id', 'day', 'digest', name=op.f('uq_alarm_controller_id_day_digest'))
    )
    op.create_index('ix_agency_key_agency_id_in_use', 'agency_key', ['agency_id'], unique=True, sqlite_where=sa.text('retired_at IS NULL'), postgresql_where=sa.text('retired_at IS NULL'))


def downgrade() -> None:
    op.drop_index('ix_agency_key_agency_id_in_use', 'agency_key')
    op.drop_table('alarm')
    op.drop_index('ix_invitation_sign_in_name_open', 'invitation')
    op.drop_table('invitation')
    op.drop_table('directory_stamp')
