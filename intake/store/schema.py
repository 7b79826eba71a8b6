"""All tables, wherever they are written down."""

from __future__ import annotations

import intake.store.people_tables  # noqa: F401  (registers its tables)
from intake.store.tables import Base

METADATA = Base.metadata
