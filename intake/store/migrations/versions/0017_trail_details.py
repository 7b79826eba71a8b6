"""a line of the trail may carry a sealed detail"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('trail', sa.Column('detail_key_id', sa.String(length=64), nullable=True))
    op.add_column('trail', sa.Column('sealed_detail', sa.LargeBinary(), nullable=True))
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER TABLE trail ALTER COLUMN sealed_detail SET STORAGE EXTERNAL')


def downgrade() -> None:
    op.drop_column('trail', 'sealed_detail')
    op.drop_column('trail', 'detail_key_id')
