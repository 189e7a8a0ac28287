"""A domain pack as small as one can be: parcels in a JSON file, one tool that reads and one that writes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.actions import Change, Customer, Preview
from agents.domain import Domain
from agents.errors import ToolError
from agents.tools import Tool, ToolContext

PARCELS = {"P-1001": {"owner": "ada", "place": "shed"}, "P-1002": {"owner": "ben", "place": "porch"}}


def open_parcels(home: Path, data: Path) -> None:
    (home / "parcels.json").write_text(json.dumps(PARCELS), encoding="utf-8")


def snapshot(home: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((home / "parcels.json").read_text(encoding="utf-8"))
    return {"parcels": found}


def owner(home: Path, tool: str, arguments: Mapping[str, Any]) -> Customer | None:
    parcel = snapshot(home)["parcels"].get(arguments.get("parcel"))
    return Customer(parcel["owner"]) if parcel else None


def parcel_place(context: ToolContext, parcel: str) -> dict[str, str]:
    """Return where a parcel is left."""
    return _own(context, parcel)


def move_parcel(context: ToolContext, parcel: str, place: str) -> Change:
    """Leave a parcel elsewhere."""
    found = _own(context, parcel)
    parcels = {**snapshot(context.home)["parcels"], parcel: {**found, "place": place}}
    (context.home / "parcels.json").write_text(json.dumps(parcels), encoding="utf-8")
    return Change(f"{parcel} will be left at the {place}.", {"place": found["place"]}, {"place": place})


def preview_move(context: ToolContext, parcel: str, place: str) -> Preview:
    return Preview(f"Leave {parcel} at the {place} instead of the {_own(context, parcel)['place']}.")


def _own(context: ToolContext, parcel: str) -> dict[str, str]:
    customer = context.visitor.customer
    found = snapshot(context.home)["parcels"].get(parcel)
    if not found or customer is None or found["owner"] != customer.id:
        raise ToolError("Parcel not found")
    return dict(found)


DOMAIN = Domain(
    tools=(
        Tool(parcel_place, effect="read", identified=True),
        Tool(move_parcel, effect="write", identified=True, preview=preview_move),
    ),
    open=open_parcels,
    snapshot=snapshot,
    owner=owner,
)
