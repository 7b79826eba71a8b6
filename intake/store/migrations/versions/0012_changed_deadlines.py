"""deadlines counted beyond the calendar's reach are found"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

PROVISIONAL_OPEN = sa.text(
    "met_at IS NULL AND calendar_version >= 'provisional' AND calendar_version < 'provisionam'"
)


def upgrade() -> None:
    op.create_index('ix_deadline_agency_id_provisional', 'deadline', ['agency_id'], sqlite_where=PROVISIONAL_OPEN, postgresql_where=PROVISIONAL_OPEN)


def downgrade() -> None:
    op.drop_index('ix_deadline_agency_id_provisional', 'deadline')
