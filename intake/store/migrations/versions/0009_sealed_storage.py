"""what is sealed cannot be compressed: PostgreSQL is not to try"""

from __future__ import annotations

from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

SEALED = (
    ('agency_grant', 'sealed_key'),
    ('decision', 'sealed_facts'),
    ('draft', 'sealed_answers'),
    ('facts_key', 'sealed_key'),
    ('move', 'sealed_reason'),
    ('note', 'sealed_content'),
    ('notice', 'sealed_address'),
    ('person', 'sealed_private_key'),
    ('receipt', 'sealed_copy'),
    ('referral', 'sealed_reasons'),
    ('section', 'sealed_content'),
    ('session', 'sealed_person_key'),
    ('wrap', 'sealed_keys'),
)


def upgrade() -> None:
    _store('EXTERNAL')


def downgrade() -> None:
    _store('EXTENDED')


def _store(how: str) -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    for table, column in SEALED:
        op.execute(f'ALTER TABLE "{table}" ALTER COLUMN {column} SET STORAGE {how}')
