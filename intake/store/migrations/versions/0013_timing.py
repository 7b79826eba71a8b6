"""how long agencies took, as counts; indexes that hold all that the supervisor's counts read"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

ENDED_BY = {'accept': ('accept', 'return', 'hand_over'), 'respond': ('respond',)}
AT_ONCE = 5000

_instant = sa.DateTime(timezone=True)
_referral = sa.table('referral', sa.column('id', sa.Uuid()), sa.column('agency_id'), sa.column('arrived_at', _instant))
_move = sa.table('move', sa.column('referral_id', sa.Uuid()), sa.column('move'), sa.column('made_at', _instant))
_RUNNING = sa.text('met_at IS NULL')


def upgrade() -> None:
    timing = op.create_table(
        'timing',
        sa.Column('agency_id', sa.String(length=64), nullable=False),
        sa.Column('month', sa.String(length=7), nullable=False),
        sa.Column('what', sa.String(length=8), nullable=False),
        sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_timing_agency_id_agency')),
        sa.PrimaryKeyConstraint('agency_id', 'month', 'what', 'bucket', name=op.f('pk_timing')),
    )
    for what, moves in ENDED_BY.items():
        counted = _counted(what, moves)
        for first in range(0, len(counted), AT_ONCE):
            op.bulk_insert(timing, counted[first : first + AT_ONCE])
    op.drop_index('ix_deadline_agency_id_due_at_id_open', 'deadline')
    op.create_index('ix_deadline_agency_id_due_at_id_open', 'deadline', ['agency_id', 'due_at', 'id', 'referral_id', 'clock'], sqlite_where=_RUNNING, postgresql_where=_RUNNING)
    op.drop_index('ix_referral_agency_id_state_moved_at_id', 'referral')
    op.create_index('ix_referral_agency_id_state_moved_at_id', 'referral', ['agency_id', 'state', 'moved_at', 'id', 'arrived_at'])


def downgrade() -> None:
    op.drop_index('ix_referral_agency_id_state_moved_at_id', 'referral')
    op.create_index('ix_referral_agency_id_state_moved_at_id', 'referral', ['agency_id', 'state', 'moved_at', 'id'])
    op.drop_index('ix_deadline_agency_id_due_at_id_open', 'deadline')
    op.create_index('ix_deadline_agency_id_due_at_id_open', 'deadline', ['agency_id', 'due_at', 'id', 'referral_id'], sqlite_where=_RUNNING, postgresql_where=_RUNNING)
    op.drop_table('timing')


def _counted(what: str, moves: Collection[str]) -> list[dict[str, Any]]:
    """The rows of what was recorded before times were counted, as ``intake.domain.timing`` counts."""
    first = (
        sa.select(_referral.c.agency_id, _referral.c.arrived_at, sa.func.min(_move.c.made_at, type_=_instant).label('made_at'))
        .join(_move, _move.c.referral_id == _referral.c.id)
        .where(_move.c.move.in_(moves))
        .group_by(_referral.c.id, _referral.c.agency_id, _referral.c.arrived_at)
    )
    rows = op.get_bind().execute(first, execution_options={'yield_per': AT_ONCE})
    counts = Counter((row.agency_id, _month(row.made_at), _bucket(row.made_at - row.arrived_at)) for row in rows)
    return [
        {'agency_id': agency, 'month': month, 'what': what, 'bucket': bucket, 'count': count}
        for (agency, month, bucket), count in counts.items()
    ]


def _month(at: datetime) -> str:
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return f'{at.astimezone(ZoneInfo("Europe/Helsinki")):%Y-%m}'


def _bucket(took: timedelta) -> int:
    if took < timedelta(hours=48):
        return max(0, took // timedelta(hours=1))
    return min(166, 46 + took // timedelta(days=1))
