"""notices to reporters, letters to them, and an eye on dead letters"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

_WAITING = sa.text('sent_at IS NULL AND dead_at IS NULL')
_DEAD = sa.text('dead_at IS NOT NULL')
_UNTOLD = sa.text('news_at IS NOT NULL')


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table('notice',
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('sealed_address', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', instant, nullable=False),
    sa.Column('news_at', instant, nullable=True),
    sa.Column('written_at', instant, nullable=True),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_notice_report_id_report')),
    sa.PrimaryKeyConstraint('report_id', name=op.f('pk_notice'))
    )
    op.create_index(op.f('ix_notice_created_at'), 'notice', ['created_at'], unique=False)
    op.create_index('ix_notice_news_at_untold', 'notice', ['news_at'], unique=False, sqlite_where=_UNTOLD, postgresql_where=_UNTOLD)
    op.execute(
        'INSERT INTO notice (report_id, sealed_address, created_at) '
        'SELECT report_id, sealed_notice_address, created_at FROM receipt WHERE sealed_notice_address IS NOT NULL'
    )
    op.drop_column('receipt', 'sealed_notice_address')
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.alter_column('person_id', existing_type=sa.Uuid(), nullable=True)
        batch_op.add_column(sa.Column('report_id', sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(op.f('fk_outbox_report_id_report'), 'report', ['report_id'], ['id'])
        batch_op.create_check_constraint('ck_outbox_one_reader', '(person_id IS NULL) <> (report_id IS NULL)')
    op.create_index('ix_outbox_report_id_waiting', 'outbox', ['report_id'], unique=True, sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.create_index('ix_outbox_dead_at_dead', 'outbox', ['dead_at'], unique=False, sqlite_where=_DEAD, postgresql_where=_DEAD)


def downgrade() -> None:
    op.drop_index('ix_outbox_dead_at_dead', 'outbox')
    op.drop_index('ix_outbox_report_id_waiting', 'outbox')
    op.execute('DELETE FROM outbox WHERE report_id IS NOT NULL')
    with op.batch_alter_table('outbox') as batch_op:
        batch_op.drop_constraint('ck_outbox_one_reader', type_='check')
        batch_op.drop_constraint(op.f('fk_outbox_report_id_report'), type_='foreignkey')
        batch_op.drop_column('report_id')
        batch_op.alter_column('person_id', existing_type=sa.Uuid(), nullable=False)
    op.add_column('receipt', sa.Column('sealed_notice_address', sa.LargeBinary(), nullable=True))
    op.execute(
        'UPDATE receipt SET sealed_notice_address = '
        '(SELECT sealed_address FROM notice WHERE notice.report_id = receipt.report_id)'
    )
    op.drop_table('notice')
