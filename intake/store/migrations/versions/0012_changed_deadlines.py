"""deadlines are counted anew or extended on a supervisor's word; their start never moves"""

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
EXTENDED = sa.text("kind = 'extended'")
MOVED = 'the start of a deadline never moves'


def upgrade() -> None:
    op.create_table('kept_calendar',
    sa.Column('version', sa.String(length=80), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_kept_calendar'))
    )
    op.create_table('recount_look',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('calendar_version', sa.String(length=80), nullable=False),
    sa.Column('after', sa.Uuid(), nullable=False),
    sa.Column('looked_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recount_look'))
    )
    op.create_table('recount',
    sa.Column('deadline_id', sa.Uuid(), nullable=False),
    sa.Column('found_with', sa.String(length=80), nullable=False),
    sa.Column('was_due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('due_extended_on', sa.Date(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('calendar_version', sa.String(length=80), nullable=False),
    sa.Column('steps', sa.JSON(), nullable=False),
    sa.Column('differs', sa.JSON(), nullable=True),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['deadline_id'], ['deadline.id'], name=op.f('fk_recount_deadline_id_deadline')),
    sa.PrimaryKeyConstraint('deadline_id', name=op.f('pk_recount'))
    )
    op.create_table('deadline_change',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('deadline_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.String(length=16), nullable=False),
    sa.Column('was_due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('was_calendar', sa.String(length=80), nullable=False),
    sa.Column('calendar', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['deadline_id'], ['deadline.id'], name=op.f('fk_deadline_change_deadline_id_deadline')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deadline_change_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deadline_change'))
    )
    op.create_index('ix_deadline_change_deadline_id', 'deadline_change', ['deadline_id'])
    op.create_index('ix_deadline_change_extended_once', 'deadline_change', ['deadline_id'], unique=True, sqlite_where=EXTENDED, postgresql_where=EXTENDED)
    op.create_index('ix_deadline_agency_id_provisional', 'deadline', ['agency_id'], sqlite_where=PROVISIONAL_OPEN, postgresql_where=PROVISIONAL_OPEN)
    _keep_starts()


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER deadline_start_never_moves ON deadline')
        op.execute('DROP FUNCTION deadline_start_never_moves')
    else:
        op.execute('DROP TRIGGER deadline_start_never_moves')
    op.drop_index('ix_deadline_agency_id_provisional', 'deadline')
    op.drop_table('deadline_change')
    op.drop_table('recount')
    op.drop_table('recount_look')
    op.drop_table('kept_calendar')


def _keep_starts() -> None:
    """A batch that rebuilds the table on SQLite would lose this: make it anew there."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(f"""
            CREATE FUNCTION deadline_start_never_moves() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{MOVED}' USING ERRCODE = 'check_violation'; END $$
        """)
        op.execute("""
            CREATE TRIGGER deadline_start_never_moves BEFORE UPDATE ON deadline
            FOR EACH ROW WHEN (OLD.started_at IS DISTINCT FROM NEW.started_at)
            EXECUTE FUNCTION deadline_start_never_moves()
        """)
    else:
        op.execute(f"""
            CREATE TRIGGER deadline_start_never_moves BEFORE UPDATE OF started_at ON deadline
            WHEN NEW.started_at IS NOT OLD.started_at
            BEGIN SELECT RAISE(ABORT, '{MOVED}'); END
        """)
