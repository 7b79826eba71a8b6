"""disqualifications are listed for restores, which may not know who declared them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _drop_policy()
    with op.batch_alter_table('deletion') as batch_op:
        batch_op.alter_column('value', existing_type=sa.String(length=64), type_=sa.Text())
    with op.batch_alter_table('recusal') as batch_op:
        batch_op.alter_column('declared_by', existing_type=sa.Uuid(), nullable=True)
        batch_op.alter_column('agency_key_id', existing_type=sa.String(length=64), nullable=True)


def downgrade() -> None:
    op.execute('DELETE FROM recusal WHERE declared_by IS NULL OR agency_key_id IS NULL')
    op.execute('DELETE FROM deletion WHERE of_column IS NULL AND value IS NOT NULL')
    with op.batch_alter_table('recusal') as batch_op:
        batch_op.alter_column('agency_key_id', existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column('declared_by', existing_type=sa.Uuid(), nullable=False)
    _drop_policy()
    with op.batch_alter_table('deletion') as batch_op:
        batch_op.alter_column('value', existing_type=sa.Text(), type_=sa.String(length=64))


def _drop_policy() -> None:
    """It names the column; the privileges, made anew after every change, bring it back."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP POLICY IF EXISTS own_insert ON deletion')
