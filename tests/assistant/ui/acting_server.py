"""The real app on the demo's shop, with a scripted model that cancels, changes an address and asks for a refund.

python acting_server.py HOME
"""

import json
import runpy
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from assistant.server import serve
from assistant.settings import load

COMPANY = Path(__file__).parents[3] / "examples" / "brindlemoor"


def call(name: str, **arguments: str) -> dict[str, object]:
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


def main(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    shop = home / "shop.sqlite3"
    if not shop.exists():
        runpy.run_path(str(COMPANY / "make_shop.py"), run_name="demo_shop")["make_shop"](shop)
    with closing(sqlite3.connect(shop)) as connection:
        order, email = connection.execute(
            "SELECT order_number, email FROM orders JOIN customers USING (customer_id) WHERE status = 'received'"
            " ORDER BY order_number DESC",
        ).fetchone() or ("B-1", "none@example.com")
        returned, owner, sku = connection.execute(
            "SELECT order_number, email, sku FROM returns JOIN orders USING (order_number) JOIN customers"
            " USING (customer_id) WHERE returns.status = 'received' AND refund_cents > 5000"
            " ORDER BY return_id LIMIT 1"
        ).fetchone() or ("B-1", "none@example.com", "BM-101")
    replies = [
        {"when": f"{email}$", **call("find_customer", order_number=order, email=email)},
        {"when": f"{owner}$", **call("find_customer", order_number=returned, email=owner)},
        {"when": "^(?i:please )?[Cc]ancel|^请帮我取消", **call("cancel_order", order_number=order)},
        {"when": "^Refund", **call("order_status", order_number=returned)},
        {"when": r"^Order .*\n(?:.*\n)*Return of", **call("refund", order_number=returned, article=sku)},
        {"when": "^Tell the team", **call("open_ticket", subject="a lamp hums", text="the lamp hums at night")},
        {"when": "^让团队", **call("open_ticket", subject="灯有杂音", text="灯有杂音")},
        {"when": ".", "text": "What can I do for you?"},
    ]
    script = home / "script.jsonl"
    script.write_text("\n".join(json.dumps(reply) for reply in replies), encoding="utf-8")
    (home / "orders.json").write_text(
        json.dumps({"received": [order, email], "returned": [returned, owner]}), encoding="utf-8"
    )
    settings = home / "frontdesk.toml"  # the command line reads it too
    settings.write_text(
        'company = "Brindlemoor"\ncontact = "help@example.com"\nembedder = "hashing"\nport = 0\n'
        f"model = {json.dumps(f'scripted:{script}')}\ntools = [{json.dumps(str(COMPANY / 'shop_tools.py'))}]\n",
        encoding="utf-8",
    )
    serve(load(config=settings, flags={"home": home}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
