"""The API's description: what FastAPI derives, with our problems and our two ways to sign in."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

import workbench
from workbench.settings import Settings
from workbench.web.edge import Permission, permission_of, session_cookie
from workbench.web.errors import Problem

_REFUSALS = {
    "401": "Nobody is signed in, or the API token is not (any more) valid.",
    "403": "The role or the token's scope does not reach this.",
    "404": "There is no such thing in this organization.",
    "422": "What was sent is not what is expected; `rows` says where.",
}


def install_openapi(app: FastAPI, settings: Settings) -> None:
    """Replace the app's schema by a complete one, made when it is first asked for."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app, settings)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _describe(app: FastAPI, settings: Settings) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=workbench.__version__,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": session_cookie(settings)},
        "token": {"type": "http", "scheme": "bearer", "description": "An API token."},
    }
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, method, permission in _operations(app):
        operation = schema["paths"][path][method]
        _describe_operation(operation, permission, has_path="{" in path)
    return schema


def _operations(app: FastAPI) -> list[tuple[str, str, Permission | None]]:
    return [
        (context.path_format or "", method.lower(), permission_of(context.dependant))
        for context in iter_route_contexts(app.routes)
        if getattr(context, "include_in_schema", False) and hasattr(context, "dependant")
        for method in context.methods or ()
    ]


def _describe_operation(
    operation: dict[str, Any], permission: Permission | None, *, has_path: bool
) -> None:
    responses = operation["responses"]
    takes_input = "422" in responses or "requestBody" in operation
    responses.pop("422", None)
    wanted = set()
    if permission is not None:
        wanted |= {"401", "403"}
        operation["security"] = [{"session": []}]
        if permission.scope is not None:
            operation["security"].append({"token": []})
            operation["x-scope"] = permission.scope
        operation["x-roles"] = sorted(permission.roles)
    if has_path:
        wanted.add("404")
    if takes_input:
        wanted.add("422")
    for status in sorted(wanted - responses.keys()):
        responses[status] = {
            "description": _REFUSALS[status],
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
