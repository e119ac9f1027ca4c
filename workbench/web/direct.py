"""Routes of the path that every task takes, called without the parts of FastAPI they do not need.

They are declared and described like all others. What FastAPI does for a handler at each request
(parse the body into objects and then into a model, solve the graph of its dependencies, hop to a
thread of a large pool) costs more than a claim; here the body goes from bytes to its model at once,
and the handler is one unit of work, committed together with those that wait beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from workbench.web.commits import Commits
from workbench.web.edge import permission_of

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class DirectRoute(APIRoute):
    """A route whose handler is `def handler(*path parameters, body: Model, work: Work) -> Outcome`."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        permission = permission_of(self.dependant)
        body_field = self.body_field
        if permission is None or body_field is None:
            message = f"{self.path} takes no body, or does not say who may call it"
            raise TypeError(message)
        parameters = {
            parameter.name: TypeAdapter(parameter.field_info.rebuild_annotation())
            for parameter in self.dependant.path_params
        }
        body_adapter: TypeAdapter[Any] = TypeAdapter(body_field.field_info.rebuild_annotation())
        handler = self.endpoint

        async def answer(request: Request) -> Response:
            content = await request.body()
            given = {
                name: _read(adapter.validate_python, request.path_params[name], ("path", name))
                for name, adapter in parameters.items()
            }
            given["body"] = _read(body_adapter.validate_json, content, ("body",))
            edge = await permission(request)
            commits: Commits = request.app.state.commits
            return await commits.answer(
                lambda session: handler(**given, work=edge.work_in(session))
            )

        return answer


def _read(validate: Callable[[Any], Any], content: Any, where: tuple[str, ...]) -> Any:
    try:
        return validate(content)
    except ValidationError as error:
        faults = [
            {**fault, "loc": (*where, *fault["loc"])}
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise RequestValidationError(faults) from None
