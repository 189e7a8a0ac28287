"""A key of the caller's for each question, so that one that is sent again is the turn that is there."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; older questions have none."""
    op.add_column("turn", sa.Column("key", sa.String(64), nullable=True))
    op.create_index("turn_key", "turn", ["conversation", "key"], unique=True)
