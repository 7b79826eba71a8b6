"""changes of the directory that wait for a second person"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'directory_proposal',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('changes', sa.JSON(), nullable=False),
        sa.Column('proposed_by', sa.Uuid(), nullable=False),
        sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['proposed_by'], ['person.id'], name=op.f('fk_directory_proposal_proposed_by_person')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_proposal')),
    )


def downgrade() -> None:
    op.drop_table('directory_proposal')
