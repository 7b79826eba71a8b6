"""rule sets live in the database: texts, what is in force since when, drafts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rule_text',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('layer', sa.String(length=64), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_rule_text'))
    )
    op.create_table('publication',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('follows', sa.Uuid(), nullable=True),
    sa.Column('layer', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('in_force_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proposed_by', sa.Uuid(), nullable=True),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_by', sa.Uuid(), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proof', sa.JSON(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['digest'], ['rule_text.digest'], name=op.f('fk_publication_digest_rule_text')),
    sa.ForeignKeyConstraint(['follows'], ['publication.id'], name=op.f('fk_publication_follows_publication')),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_publication_proposed_by_person')),
    sa.ForeignKeyConstraint(['published_by'], ['person.id'], name=op.f('fk_publication_published_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_publication')),
    sa.UniqueConstraint('follows', name=op.f('uq_publication_follows'))
    )
    op.create_table('rule_draft',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('layer', sa.String(length=64), nullable=False),
    sa.Column('from_digest', sa.String(length=64), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('saved_by', sa.Uuid(), nullable=True),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('in_force_from', sa.Date(), nullable=True),
    sa.Column('proposed_by', sa.Uuid(), nullable=True),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_rule_draft_proposed_by_person')),
    sa.ForeignKeyConstraint(['saved_by'], ['person.id'], name=op.f('fk_rule_draft_saved_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_draft'))
    )


def downgrade() -> None:
    op.drop_table('rule_draft')
    op.drop_table('publication')
    op.drop_table('rule_text')
