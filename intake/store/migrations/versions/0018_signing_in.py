"""a second factor at sign-in: factors, printed codes, known browsers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('factor',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('label', sa.String(length=60), nullable=False),
    sa.Column('sealed_secret', sa.LargeBinary(), nullable=True),
    sa.Column('last_step', sa.Integer(), nullable=True),
    sa.Column('credential_id', sa.LargeBinary(), nullable=True),
    sa.Column('public_key', sa.LargeBinary(), nullable=True),
    sa.Column('sign_count', sa.BigInteger(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_factor_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_factor')),
    sa.UniqueConstraint('credential_id', name=op.f('uq_factor_credential_id'))
    )
    with op.batch_alter_table('factor', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_factor_person_id'), ['person_id'], unique=False)
    op.create_table('one_time_code',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_one_time_code_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_one_time_code')),
    sa.UniqueConstraint('digest', name=op.f('uq_one_time_code_digest'))
    )
    with op.batch_alter_table('one_time_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_one_time_code_person_id'), ['person_id'], unique=False)
    op.create_table('device',
    sa.Column('id', sa.LargeBinary(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_device_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_device'))
    )
    with op.batch_alter_table('device', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_device_person_id'), ['person_id'], unique=False)
    op.add_column('session', sa.Column('factor_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('session', sa.Column('challenge', sa.LargeBinary(), nullable=True))
    op.add_column('session', sa.Column('sealed_totp', sa.LargeBinary(), nullable=True))
    if op.get_bind().dialect.name == 'postgresql':  # what is sealed cannot be compressed
        op.execute('ALTER TABLE "factor" ALTER COLUMN sealed_secret SET STORAGE EXTERNAL')
        op.execute('ALTER TABLE "session" ALTER COLUMN sealed_totp SET STORAGE EXTERNAL')


def downgrade() -> None:
    op.drop_column('session', 'sealed_totp')
    op.drop_column('session', 'challenge')
    op.drop_column('session', 'factor_at')
    op.drop_table('device')
    op.drop_table('one_time_code')
    op.drop_table('factor')
