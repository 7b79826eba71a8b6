"""first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import intake.store.columns

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agency',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('controller_id', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agency'))
    )
    with op.batch_alter_table('agency', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agency_controller_id'), ['controller_id'], unique=False)

    op.create_table('attempt',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('subject', sa.LargeBinary(), nullable=False),
    sa.Column('at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempt'))
    )
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.create_index('ix_attempt_subject_at', ['subject', 'at'], unique=False)

    op.create_table('directory',
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('entry', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'id', name=op.f('pk_directory'))
    )
    op.create_table('draft',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('sealed_answers', sa.LargeBinary(), nullable=False),
    sa.Column('saved_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft'))
    )
    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_draft_saved_at'), ['saved_at'], unique=False)

    op.create_table('facts_key',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('sealed_key', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_facts_key'))
    )
    op.create_table('heartbeat',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('job', sa.String(length=32), nullable=False),
    sa.Column('started_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('finished_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.Column('handled', sa.Integer(), nullable=True),
    sa.Column('failed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_heartbeat'))
    )
    with op.batch_alter_table('heartbeat', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_heartbeat_job'), ['job'], unique=False)
        batch_op.create_index(batch_op.f('ix_heartbeat_started_at'), ['started_at'], unique=False)

    op.create_table('person',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('sign_in_name', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sealed_private_key', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('left_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('sign_in_name', name=op.f('uq_person_sign_in_name'))
    )
    op.create_table('report',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('received_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report'))
    )
    op.create_table('trail',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('writer', sa.Uuid(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('action', sa.String(length=32), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('role', sa.String(length=16), nullable=True),
    sa.Column('agency_id', sa.String(length=64), nullable=True),
    sa.Column('referral_id', sa.Uuid(), nullable=True),
    sa.Column('purpose', sa.String(length=80), nullable=True),
    sa.Column('basis', sa.String(length=160), nullable=True),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trail')),
    sa.UniqueConstraint('writer', 'sequence', name=op.f('uq_trail_writer_sequence'))
    )
    with op.batch_alter_table('trail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_trail_at'), ['at'], unique=False)
        batch_op.create_index('ix_trail_referral_id_at', ['referral_id', 'at'], unique=False)

    op.create_table('agency_key',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('agency_id', sa.String(length=64), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('retired_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_agency_key_agency_id_agency')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agency_key'))
    )
    with op.batch_alter_table('agency_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agency_key_agency_id'), ['agency_id'], unique=False)

    op.create_table('decision',
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('facts_key_id', sa.String(length=64), nullable=False),
    sa.Column('sealed_facts', sa.LargeBinary(), nullable=False),
    sa.Column('rules_digest', sa.String(length=64), nullable=False),
    sa.Column('calendar_version', sa.String(length=80), nullable=False),
    sa.Column('decided_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['facts_key_id'], ['facts_key.id'], name=op.f('fk_decision_facts_key_id_facts_key')),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_decision_report_id_report')),
    sa.PrimaryKeyConstraint('report_id', name=op.f('pk_decision'))
    )
    op.create_table('membership',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('agency_id', sa.String(length=64), nullable=True),
    sa.Column('controller_id', sa.String(length=64), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_membership_agency_id_agency')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_membership_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_membership'))
    )
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.create_index('ix_membership_agency_id_role', ['agency_id', 'role'], unique=False)
        batch_op.create_index(batch_op.f('ix_membership_controller_id'), ['controller_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_membership_person_id'), ['person_id'], unique=False)

    op.create_table('outbox',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('letter', sa.String(length=32), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('created_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('next_attempt_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('sent_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.Column('dead_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_outbox_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_next_attempt_at_waiting', ['next_attempt_at'], unique=False, sqlite_where=sa.text('sent_at IS NULL AND dead_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND dead_at IS NULL'))

    op.create_table('receipt',
    sa.Column('lookup_id', sa.LargeBinary(), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('draft_id', sa.Uuid(), nullable=False),
    sa.Column('sealed_copy', sa.LargeBinary(), nullable=True),
    sa.Column('sealed_notice_address', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('acknowledged_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_receipt_report_id_report')),
    sa.PrimaryKeyConstraint('lookup_id', name=op.f('pk_receipt')),
    sa.UniqueConstraint('draft_id', name=op.f('uq_receipt_draft_id')),
    sa.UniqueConstraint('report_id', name=op.f('uq_receipt_report_id'))
    )
    op.create_table('referral',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('agency_id', sa.String(length=64), nullable=False),
    sa.Column('reference', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('is_lead', sa.Boolean(), nullable=False),
    sa.Column('came_from', sa.Uuid(), nullable=True),
    sa.Column('arrived_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('opened_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.Column('moved_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('worker_id', sa.Uuid(), nullable=True),
    sa.Column('sealed_reasons', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_referral_agency_id_agency')),
    sa.ForeignKeyConstraint(['came_from'], ['referral.id'], name=op.f('fk_referral_came_from_referral')),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_referral_report_id_report')),
    sa.ForeignKeyConstraint(['worker_id'], ['person.id'], name=op.f('fk_referral_worker_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral')),
    sa.UniqueConstraint('reference', name=op.f('uq_referral_reference')),
    sa.UniqueConstraint('report_id', 'agency_id', name=op.f('uq_referral_report_id_agency_id'))
    )
    with op.batch_alter_table('referral', schema=None) as batch_op:
        batch_op.create_index('ix_referral_agency_id_state', ['agency_id', 'state'], unique=False)

    op.create_table('section',
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('slot', sa.String(length=16), nullable=False),
    sa.Column('sealed_content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_section_report_id_report')),
    sa.PrimaryKeyConstraint('report_id', 'slot', name=op.f('pk_section'))
    )
    op.create_table('session',
    sa.Column('id', sa.LargeBinary(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('sealed_person_key', sa.LargeBinary(), nullable=False),
    sa.Column('started_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('seen_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('ended_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_session_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session'))
    )
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_person_id'), ['person_id'], unique=False)

    op.create_table('agency_grant',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agency_key_id', sa.String(length=64), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('sealed_key', sa.LargeBinary(), nullable=False),
    sa.Column('granted_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('withdrawn_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['agency_key_id'], ['agency_key.id'], name=op.f('fk_agency_grant_agency_key_id_agency_key')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_agency_grant_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agency_grant')),
    sa.UniqueConstraint('agency_key_id', 'person_id', name=op.f('uq_agency_grant_agency_key_id_person_id'))
    )
    with op.batch_alter_table('agency_grant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agency_grant_person_id'), ['person_id'], unique=False)

    op.create_table('deadline',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('referral_id', sa.Uuid(), nullable=False),
    sa.Column('agency_id', sa.String(length=64), nullable=False),
    sa.Column('clock', sa.String(length=32), nullable=False),
    sa.Column('started_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('today', sa.Boolean(), nullable=False),
    sa.Column('municipality', sa.String(length=64), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('due_extended_on', sa.Date(), nullable=False),
    sa.Column('due_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('calendar_version', sa.String(length=80), nullable=False),
    sa.Column('steps', sa.JSON(), nullable=False),
    sa.Column('next_chase_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.Column('met_at', intake.store.columns.Instant(timezone=True), nullable=True),
    sa.Column('met_on', sa.Date(), nullable=True),
    sa.Column('met_by', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_deadline_agency_id_agency')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_deadline_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deadline')),
    sa.UniqueConstraint('referral_id', 'clock', name=op.f('uq_deadline_referral_id_clock'))
    )
    with op.batch_alter_table('deadline', schema=None) as batch_op:
        batch_op.create_index('ix_deadline_agency_id_met_at_due_at', ['agency_id', 'met_at', 'due_at'], unique=False)
        batch_op.create_index('ix_deadline_next_chase_at_open', ['next_chase_at'], unique=False, sqlite_where=sa.text('next_chase_at IS NOT NULL'), postgresql_where=sa.text('next_chase_at IS NOT NULL'))

    op.create_table('move',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('referral_id', sa.Uuid(), nullable=False),
    sa.Column('move', sa.String(length=32), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('made_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=True),
    sa.Column('choice', sa.String(length=32), nullable=True),
    sa.Column('agency_key_id', sa.String(length=64), nullable=True),
    sa.Column('sealed_reason', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['agency_key_id'], ['agency_key.id'], name=op.f('fk_move_agency_key_id_agency_key')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_move_person_id_person')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_move_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_move'))
    )
    with op.batch_alter_table('move', schema=None) as batch_op:
        batch_op.create_index('ix_move_referral_id_made_at', ['referral_id', 'made_at'], unique=False)

    op.create_table('wrap',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('referral_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('agency_id', sa.String(length=64), nullable=False),
    sa.Column('agency_key_id', sa.String(length=64), nullable=False),
    sa.Column('sealed_keys', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_wrap_agency_id_agency')),
    sa.ForeignKeyConstraint(['agency_key_id'], ['agency_key.id'], name=op.f('fk_wrap_agency_key_id_agency_key')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_wrap_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wrap')),
    sa.UniqueConstraint('referral_id', 'purpose', name=op.f('uq_wrap_referral_id_purpose'))
    )
    op.create_table('chase',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('deadline_id', sa.Uuid(), nullable=False),
    sa.Column('step', sa.String(length=48), nullable=False),
    sa.Column('to_role', sa.String(length=16), nullable=False),
    sa.Column('chased_at', intake.store.columns.Instant(timezone=True), nullable=False),
    sa.Column('letters', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['deadline_id'], ['deadline.id'], name=op.f('fk_chase_deadline_id_deadline')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chase')),
    sa.UniqueConstraint('deadline_id', 'step', name=op.f('uq_chase_deadline_id_step'))
    )


def downgrade() -> None:
    op.drop_table('chase')
    op.drop_table('wrap')
    with op.batch_alter_table('move', schema=None) as batch_op:
        batch_op.drop_index('ix_move_referral_id_made_at')

    op.drop_table('move')
    with op.batch_alter_table('deadline', schema=None) as batch_op:
        batch_op.drop_index('ix_deadline_next_chase_at_open', sqlite_where=sa.text('next_chase_at IS NOT NULL'), postgresql_where=sa.text('next_chase_at IS NOT NULL'))
        batch_op.drop_index('ix_deadline_agency_id_met_at_due_at')

    op.drop_table('deadline')
    with op.batch_alter_table('agency_grant', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agency_grant_person_id'))

    op.drop_table('agency_grant')
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_session_person_id'))

    op.drop_table('session')
    op.drop_table('section')
    with op.batch_alter_table('referral', schema=None) as batch_op:
        batch_op.drop_index('ix_referral_agency_id_state')

    op.drop_table('referral')
    op.drop_table('receipt')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_next_attempt_at_waiting', sqlite_where=sa.text('sent_at IS NULL AND dead_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND dead_at IS NULL'))

    op.drop_table('outbox')
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_membership_person_id'))
        batch_op.drop_index(batch_op.f('ix_membership_controller_id'))
        batch_op.drop_index('ix_membership_agency_id_role')

    op.drop_table('membership')
    op.drop_table('decision')
    with op.batch_alter_table('agency_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agency_key_agency_id'))

    op.drop_table('agency_key')
    with op.batch_alter_table('trail', schema=None) as batch_op:
        batch_op.drop_index('ix_trail_referral_id_at')
        batch_op.drop_index(batch_op.f('ix_trail_at'))

    op.drop_table('trail')
    op.drop_table('report')
    op.drop_table('person')
    with op.batch_alter_table('heartbeat', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_heartbeat_started_at'))
        batch_op.drop_index(batch_op.f('ix_heartbeat_job'))

    op.drop_table('heartbeat')
    op.drop_table('facts_key')
    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_draft_saved_at'))

    op.drop_table('draft')
    op.drop_table('directory')
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.drop_index('ix_attempt_subject_at')

    op.drop_table('attempt')
    with op.batch_alter_table('agency', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agency_controller_id'))

    op.drop_table('agency')
