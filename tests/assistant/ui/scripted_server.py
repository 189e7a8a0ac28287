"""A real server with a scripted responder: `python scripted_server.py HOME` prints its address when it can be used.

Real store, runner, library, API and page; only the answers come from a script that takes its time.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from agents.transcript import Answer, Citation, Delta, Finished, Searched, ShortAnswer, Step
from assistant.app import Application
from assistant.server import serve
from assistant.settings import Settings
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions

QUOTE = "You may send anything back within 30 days of the day it arrived."
DOCUMENT = f"""# Returns and refunds

## Sending goods back

Opened seed packets stay with you. {QUOTE} Write `<img src=x onerror="alert(1)">` or $x^2$ on the label.
"""
POINTED = "within <30 days>"
RIGHT_TO_LEFT = "سياسة الإرجاع. [1]\nIn English. [1]\n\n- البند الأول. [1]"
PRINTED_QUOTE = "Parcels to the islands take four days longer."
PRINTED_PLACE = (90, 415)
"""Of the quote's baseline on its page, A5, in points from the bottom left."""
EXAMPLES = ("May I send something back?", "收到的商品可以退货吗？")
WORD_SECONDS = 0.15


class Script:
    """Answers all from the one document, word by word; `refuse`, `fail`, `short` and `العربية` are obeyed."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def respond(self, request: Any, *, stop: Event) -> Iterator[Step]:
        found = self._library.search(request.question)
        passages = tuple(
            {"document": p.document, "title": p.title, "page": p.page, "start": p.start, "end": p.end, "text": p.text}
            | {"score": p.score}
            for p in found.passages
        )
        time.sleep(0.3)
        yield Searched(request.question, 0.82, passages, found.seconds)
        time.sleep(0.3)
        if "fail" in request.question:
            raise RuntimeError("a secret detail")
        if "refuse" in request.question:
            yield self._finished("Our documents do not say.", (), "refused")
            return
        text = f"As long as you like, **really**: {request.question} It says so on the first page of all. [1]"
        if "العربية" in request.question:
            text = RIGHT_TO_LEFT
        pointed = POINTED if "short" in request.question else ""
        if pointed:
            text = f"{pointed} [1]\n{QUOTE} [1]\nOpened seed packets stay with you. [1]"
            yield ShortAnswer(pointed)
        for word in text.split(" "):
            if stop.is_set():
                return
            yield Delta(word + " ")
            time.sleep(WORD_SECONDS)
        if "printed" in request.question:
            citation = self._cited("guide.pdf", "Parcel guide", PRINTED_QUOTE)
        else:
            citation = self._cited("returns.md", "Returns and refunds", QUOTE)
        yield self._finished(text, (citation,), "answered", pointed)

    def _cited(self, document: str, title: str, quote: str) -> Citation:
        whole = self._library.excerpt("default", document, 0, 1, audiences=("public",), margin=10_000)
        text = whole.before + whole.quote + whole.after
        start = text.index(quote)
        page = text.count("\f", 0, start) + 1 if document.endswith(".pdf") else None
        return Citation(1, "default", document, title, page, start, start + len(quote), quote)

    def _finished(self, text: str, citations: tuple[Citation, ...], outcome: Any, pointed: str = "") -> Finished:
        return Finished(Answer(text, citations, outcome, 0.82, "en", "scripted", 1.0, 0.4, pointed))


def write_guide(path: Path) -> None:
    canvas = Canvas(str(path), pagesize=A5, initialFontName="Helvetica", initialFontSize=11)
    canvas.setTitle("Parcel guide")
    for page in (1, 2):
        canvas.setFont("Helvetica-Bold", 17)
        canvas.drawString(60, 530, "Parcel guide" if page == 1 else "Delivery times")
        canvas.setFont("Helvetica", 11)
        for number in (0, 1, 2, 3, *range(6, 14)):
            canvas.drawString(60, 500 - 17 * number, f"Line {number} of page {page} says what is usual for parcels.")
        if page == 2:
            canvas.drawString(*PRINTED_PLACE, PRINTED_QUOTE)
        canvas.showPage()
    canvas.save()


def open_application(settings: Settings) -> Application:
    documents = settings.home / "documents"
    documents.mkdir(parents=True)
    (documents / "returns.md").write_text(DOCUMENT, encoding="utf-8")
    write_guide(documents / "guide.pdf")
    embedder = HashingEmbedder()
    library = Library(LibraryOptions(home=settings.home), embedder=embedder)
    library.ingest([documents])
    shown = replace(settings, examples=EXAMPLES)
    model: Any = SimpleNamespace(name="scripted", demo=True, check=lambda: None, close=lambda: None)
    responder: Any = Script(library)
    return Application(shown, library=library, model=model, responder=responder)


if __name__ == "__main__":
    company = Settings(home=Path(sys.argv[1]), company="Brindlemoor", contact="help@example.com", port=0, workers=4)
    serve(company, open_application=open_application, announce=lambda url: print(url, flush=True))
