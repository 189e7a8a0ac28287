import asyncio
import re
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.ui.frame import Frame
from assistant.ui.mounting import NEWER, OLDER, POLICY, Guarded, own_head

START_PAGE = """<head><meta charset="utf-8" />
<meta property="og:title" content="Gradio" /><meta
  name="twitter:image"
  content="https://elsewhere.example/picture.jpg" />
<script>window.gradio_config = {"note": "<meta name=\\"twitter:x\\">"};</script></head>"""

SCRIPT = rb"var re=/(?<!\w)_(.+?)_(?!\w)/g,x=1" + b" " * 40
GRADIO = find_spec("gradio")


async def app(scope: Any, _receive: Any, send: Any) -> None:
    body = SCRIPT if scope["path"].startswith("/assets/") else START_PAGE.encode()
    assert scope["path"] == "/theme.css" or b"accept-encoding" not in dict(scope["headers"])
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body[:50], "more_body": True})
    await send({"type": "http.response.body", "body": body[50:]})


def get(path: str, *, framed_by: tuple[str, ...] = ()) -> tuple[dict[bytes, bytes], str]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"accept-encoding", b"br")]}
    asyncio.run(Guarded(app, Frame("Brindle & Moor"), framed_by=framed_by)(scope, None, send))  # type: ignore[arg-type]
    return dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:]).decode()


def test_every_response_tells_the_browser_to_stay_here() -> None:
    for path in ("/", "/theme.css"):
        headers, body = get(path)
        assert headers[b"content-type"] == b"text/html"
        assert headers[b"content-security-policy"] == POLICY.encode()
        assert headers[b"referrer-policy"] == b"no-referrer"
        assert int(headers[b"content-length"]) == len(body)


def test_the_companys_own_sites_may_show_it_in_a_frame() -> None:
    for framed_by, expected in (
        ((), "'self'"),
        (("chat.example.com", "www.example.com"), "'self' chat.example.com www.example.com"),
    ):
        policy = get("/", framed_by=framed_by)[0][b"content-security-policy"].decode()
        assert policy.partition("frame-ancestors ")[2] == expected


def test_the_start_page_speaks_for_the_company_and_other_pages_are_left_alone() -> None:
    _, body = get("/")
    assert "<title>Brindle &amp; Moor</title>" in body
    assert '<meta name="description"' in body
    assert "og:title" not in body
    assert "elsewhere.example" not in body
    assert get("/theme.css")[1] == START_PAGE


def test_the_pages_data_are_left_as_they_are() -> None:
    assert own_head(START_PAGE, Frame("X")).endswith(START_PAGE[START_PAGE.index("<script>") :])


def test_an_older_safari_can_read_the_one_script_that_it_could_not() -> None:
    assert GRADIO
    assert GRADIO.origin
    scripts = sorted((Path(GRADIO.origin).parent / "templates" / "frontend" / "assets").glob("*.js"))
    (newer,) = [script.name for script in scripts if NEWER in script.read_bytes()]
    headers, body = get(f"/assets/{newer}")
    assert body.strip() == r"var re=/\b_(.+?)_(?!\w)/g,x=1"
    assert int(headers[b"content-length"]) == len(body)
    for said in ("_so_", "not_so_", "a _b_ c", "(_x_)", "__x__", "é_x_", ""):
        places = [[found.span() for found in re.finditer(name.decode(), said)] for name in (NEWER, OLDER)]
        assert places[0] == places[1], said


def test_the_policy_names_no_other_host() -> None:
    assert "default-src 'self'" in POLICY
    assert "http" not in POLICY
    assert "*" not in POLICY


def test_our_own_files_name_no_other_host() -> None:
    for name in ("page.css", "page.js", "favicon.svg"):
        text = resources.files("assistant.ui").joinpath(name).read_text(encoding="utf-8")
        assert "//" not in text.replace("http://www.w3.org/2000/svg", "").replace("// ", "")
        assert "@import" not in text
        assert "url(" not in text
