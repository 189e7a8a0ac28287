"""Up to which turn the writer of a reply had read."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; of older replies it is not known."""
    op.add_column("desk_entry", sa.Column("seen", sa.Integer(), nullable=True))
