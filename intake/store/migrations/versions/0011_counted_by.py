"""a deadline keeps how long its clock ran by the rules of then"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('deadline', sa.Column('rule', sa.String(length=24), nullable=True))


def downgrade() -> None:
    op.drop_column('deadline', 'rule')
