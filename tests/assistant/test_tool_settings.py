"""`tools` of frontdesk.toml: files, MCP servers and services in one list, all faults at once, no secret shown."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from agents.tools.source import Source
from assistant.actions import StoredActionLog
from assistant.app import Application
from assistant.settings import Settings, SettingsError, load

TEXT = """
[[tools]]
file = "shop_tools.py"

[[tools]]
name = "stock"
mcp = ["python", "stock_server.py"]
read = ["stock_of"]
environment = ["STOCK_KEY"]

[[tools]]
name = "desk"
mcp = "https://desk.example/mcp"
says = {open_case = {en = "Open a case", zh = "新建工单"}, close = "Close it"}
headers = {Authorization = "Bearer ${DESK_KEY}"}

[[tools]]
name = "returns"
openapi = "returns.yaml"
url = "http://127.0.0.1:9000/api"
offer = ["createReturn"]
timeout_seconds = 5
"""
STOCK_SERVER = Path(__file__).parents[1] / "agents" / "tools" / "stock_server.py"
KEYS = {"STOCK_KEY": "stock-secret-1", "DESK_KEY": "desk-secret-1"}


def read(folder: Path, text: str, **environment: str) -> Settings:
    file = folder / "frontdesk.toml"
    file.write_text(text, encoding="utf-8")
    return load(config=file, environment={"FRONTDESK_HOME": str(folder / "home"), **environment}, folder=folder)


def test_files_servers_and_services_stand_in_one_list(tmp_path: Path) -> None:
    own, stock, desk, returns = read(tmp_path, TEXT, **KEYS).tools
    assert own == str(tmp_path / "shop_tools.py")
    assert isinstance(stock, Source)
    assert (stock.mcp, stock.read, stock.folder) == (("python", "stock_server.py"), ("stock_of",), tmp_path)
    assert isinstance(desk, Source)
    assert desk.says == {
        "open_case": {"en": "Open a case", "zh": "新建工单"},
        "close": {"en": "Close it", "zh": "Close it"},
    }
    assert (desk.address, desk.leaves_this_machine, stock.leaves_this_machine) == (
        "https://desk.example/mcp",
        True,
        False,
    )
    assert isinstance(returns, Source)
    assert (returns.openapi, returns.timeout_seconds) == (tmp_path / "returns.yaml", 5.0)


def test_a_plain_list_and_the_environment_still_do(tmp_path: Path) -> None:
    assert read(tmp_path, 'tools = ["a.py", "shop.tools:TOOLS"]').tools == (str(tmp_path / "a.py"), "shop.tools:TOOLS")
    named = load(environment={"FRONTDESK_TOOLS": "a.py|shop.tools", "FRONTDESK_HOME": str(tmp_path)}, folder=tmp_path)
    assert named.tools == (str(tmp_path / "a.py"), "shop.tools")


def test_what_is_shown_holds_no_secret(tmp_path: Path) -> None:
    settings = read(tmp_path, TEXT, **KEYS)
    shown = json.dumps(settings.shown())
    assert "stock_server.py" in shown
    for hidden in (*KEYS.values(), "Bearer"):
        assert hidden not in shown
        assert hidden not in repr(settings)


def test_offline_refuses_what_is_asked_over_the_network(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, "offline = true\n" + TEXT, **KEYS)
    assert "the tools of desk are at https://desk.example/mcp, outside this machine" in str(raised.value)
    assert "stock" not in str(raised.value).partition("Known keys")[0]
    inside = TEXT.replace("https://desk.example/mcp", "http://localhost:8000/mcp")
    assert len(read(tmp_path, "offline = true\n" + inside, **KEYS).tools) == 4


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        read(
            tmp_path,
            """
[[tools]]
mcp = "ftp://x"
name = "a b"
raed = ["x"]
[[tools]]
openapi = "x.yaml"
[[tools]]
name = "both"
mcp = ["x"]
openapi = "y"
[[tools]]
name = "good"
mcp = "http://user:pass@x.example/"
headers = {Authorization = "Bearer $NOT_SET"}
[[tools]]
name = "unset"
mcp = ["x"]
headers = {Authorization = "Bearer $NOT_SET"}
timeout_seconds = 0
[[tools]]
name = "late"
mcp = ["x"]
environment = ["NOT_SET"]
""",
        )
    told = str(raised.value)
    assert "user:pass" not in told
    for part in (
        "tools 1 (a b): `mcp` is 'ftp://x'",
        "`name` is 'a b'",
        "`raed` is no key of mcp tools; did you mean `read`?",
        "tools 2: `name` is missing",
        "tools 2: `offer` is missing",
        "tools 3 (both): it must have one of file, mcp, openapi",
        "tools 4 (good): `mcp`",
        "tools 5 (unset): `timeout_seconds` is 0",
        "tools 6 (late): the variable NOT_SET is not set",
    ):
        assert part in told, told


@pytest.mark.parametrize("raw", ["tools = 3", "tools = [3]", "[tools]\na = 1", "[[tools]]\nname = 'x'"])
def test_what_is_no_list_is_said(tmp_path: Path, raw: str) -> None:
    with pytest.raises(SettingsError, match="tools"):
        read(tmp_path, raw)


def test_two_of_a_name_are_said(tmp_path: Path) -> None:
    one: dict[str, Any] = {"name": "stock", "mcp": "http://127.0.0.1:1/mcp"}
    text = "\n".join(
        "[[tools]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in one.items()) for _ in "ab"
    )
    with pytest.raises(SettingsError, match=r"two .* are named stock"):
        read(tmp_path, text)


def test_a_server_of_the_settings_acts_in_a_conversation_after_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole path but HTTP: settings, real MCP server, real loop, stores and log; the model is a script."""
    noted = tmp_path / "stock.jsonl"
    script = tmp_path / "script.jsonl"
    call = {"name": "reserve", "arguments": {"article": "BM-1015", "pieces": 2}}
    replies = [{"when": "^Keep", "tool_calls": [call]}, {"when": ".", "text": "It is kept for you."}]
    script.write_text("\n".join(map(json.dumps, replies)), encoding="utf-8")
    settings = read(
        tmp_path,
        f"""
embedder = "hashing"
model = {json.dumps(f"scripted:{script}")}

[[tools]]
name = "stock"
mcp = [{json.dumps(sys.executable)}, {json.dumps(str(STOCK_SERVER))}, "stdio"]
offer = ["reserve", "stock_of"]
read = ["stock_of"]
environment = ["STOCK_FILE"]
says = {{reserve = {{en = "Keep it for you"}}}}
""",
        STOCK_FILE=str(noted),
    )
    monkeypatch.setenv("STOCK_FILE", str(noted))
    settings.home.mkdir()
    application = Application(settings)
    try:
        conversation = application.store.start_conversation()
        ended = say(application, conversation, "Keep two of BM-1015 for me")
        assert ended["outcome"] == "awaiting_approval"
        assert "I would do this: Keep it for you\n- article: BM-1015\n- pieces: 2" in ended["text"]
        assert not noted.exists()
        ended = say(application, conversation, "yes")
        assert ended["outcome"] == "acted"
        assert ended["text"].startswith("Done: Keep it for you")
        assert json.loads(noted.read_text()) == {"tool": "reserve", "article": "BM-1015", "pieces": 2, "gift": False}
        (action,) = StoredActionLog(application.store.engine).of(conversation)
        assert (action.state, action.after) == ("done", {"result": "Reservation R-77 of 2 x BM-1015"})
    finally:
        application.close()


def say(application: Application, conversation: str, question: str) -> dict[str, Any]:
    turn = application.turns.start(conversation, question)
    last = list(application.turns.subscribe(conversation, turn))[-1]
    answer: dict[str, Any] = last.data["answer"]
    return answer
