"""All tables, wherever they are written down."""

from __future__ import annotations

import intake.store.entry_tables
import intake.store.factor_tables
import intake.store.half_year_tables
import intake.store.need_to_know_tables
import intake.store.people_tables
import intake.store.recount_tables
import intake.store.reminder_tables
import intake.store.retention_tables
import intake.store.rule_tables
import intake.store.same_child_tables
import intake.store.timing
import intake.store.trail_tables
import intake.store.watch_tables  # noqa: F401  (these register their tables)
from intake.store.tables import Base

METADATA = Base.metadata
