"""The images of an organization's items, for its members alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from workbench.errors import NotFound
from workbench.importing.image_store import find_image, image_file
from workbench.models import Role
from workbench.web.edge import ANY_SCOPE, Edge, allow

router = APIRouter(prefix="/images", include_in_schema=False)

# The address is the hash of the bytes; a shared cache would hand them to other organizations.
_FOREVER = "private, max-age=31536000, immutable"


@router.get("/{sha256}")
def image(edge: Annotated[Edge, allow(*Role, scope=ANY_SCOPE)], sha256: str) -> Response:
    """Answer an image of the caller's organization."""
    with edge.read() as work:
        organization_id = work.actor.organization_id
        found = find_image(work.session, organization_id=organization_id, sha256=sha256)
        media_type = None if found is None else found.media_type
    path = None if found is None else image_file(edge.settings.data_dir, organization_id, sha256)
    if path is None or not path.is_file():
        message = "there is no such image"
        raise NotFound(message)
    return FileResponse(path, media_type=media_type, headers={"cache-control": _FOREVER})
