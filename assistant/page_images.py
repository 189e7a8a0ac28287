"""Pages of the documents as pictures, over HTTP.

    GET /api/pages?collection=…&document=…&page=3 -> PNG

Whatever cannot be shown is a plain 404: whether a document is missing, for staff only, or changed since it was read is
nobody's business. Of too many who ask at once, some get a 503 soon, so that no one can hold up the rest of the app.
"""

import logging
from collections.abc import Sequence
from typing import Annotated, Any, Protocol
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Query, Response

from knowledge.errors import Busy, KnowledgeError

logger = logging.getLogger(__name__)

PATH = "/api/pages"
MOST_PAGES = 1_000_000
KEPT_SECONDS = 600
"""How long the reader's browser may keep a picture."""
RETRY_SECONDS = 5
BUSY = "Too many pages are asked for at this moment. Please try again in a few seconds."


class PagesPort(Protocol):
    """What is asked of `knowledge.library.Library`."""

    def page_view(
        self, collection: str, document: str, page: int, *, audiences: Sequence[str], content: str = ""
    ) -> Any: ...


def add_page_images(api: FastAPI, library: PagesPort, *, audiences: Sequence[str]) -> None:
    """Add the route; `audiences` is what its callers may read."""

    @api.get(PATH, response_class=Response, responses={200: {"content": {"image/png": {}}}})
    def page_image(
        collection: str, document: str, page: Annotated[int, Query(ge=1, le=MOST_PAGES)], content: str = ""
    ) -> Response:
        try:
            view = library.page_view(collection, document, page, audiences=audiences, content=content)
        except Busy as error:
            raise HTTPException(503, BUSY, {"Retry-After": str(RETRY_SECONDS)}) from error
        except KnowledgeError as error:
            logger.info("no page %s/%s %d: %s", collection, document, page, error)
            raise HTTPException(404) from error
        headers = {"Cache-Control": f"private, max-age={KEPT_SECONDS}", "X-Content-Type-Options": "nosniff"}
        return Response(view.image, media_type="image/png", headers=headers)


def page_address(collection: str, document: str, page: int, *, content: str) -> str:
    """Return where the page's picture is, relative to the page of the app."""
    query = urlencode({"collection": collection, "document": document, "page": page, "content": content})
    return f"{PATH.lstrip('/')}?{query}"
