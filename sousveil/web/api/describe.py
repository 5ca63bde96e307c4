"""The OpenAPI description, made of the declarations that read the requests. OpenAPI 3.1.1."""

import re
from collections.abc import Sequence

import sousveil
from sousveil.model import Json
from sousveil.web.api.declared import Endpoint, Parameter

_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457, Problem Details for HTTP APIs.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def description(endpoints: Sequence[Endpoint], cookie: str) -> Json:
    """Return the description; `cookie` is the name of the one that holds the session."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "A case of sousveil",
            "version": sousveil.__version__,
            "description": "Reads what the desk shows. Changes are made on the desk's pages alone.",
        },
        "security": [{"session": []}],
        "paths": {one.path: {"get": _operation(one)} for one in endpoints},
        "components": {
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": cookie}},
            "schemas": {"Problem": _PROBLEM},
        },
    }


def _operation(one: Endpoint) -> Json:
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9a-f]{12}$"},
        }
        for name in re.findall(r"\{(\w+)\}", one.path)
    ]
    refusals = {"400": "Not described here.", "401": "Nobody came in.", "404": "Not there."}
    refusals |= {"500": "Something is wrong with the case.", "503": "Not at this moment."}
    return {
        "operationId": one.path.removeprefix("/api/").replace("/{id}", "_one"),
        "summary": one.says,
        "parameters": [*in_path, *map(_parameter, one.parameters)],
        "responses": {
            "200": {
                "description": "As asked.",
                "content": {"application/json": {"schema": one.answer}},
            },
            **{
                status: {
                    "description": says,
                    "content": {
                        "application/problem+json": {
                            "schema": {"$ref": "#/components/schemas/Problem"}
                        }
                    },
                }
                for status, says in refusals.items()
            },
        },
    }


def _parameter(one: Parameter) -> Json:
    schema = one.schema
    if one.is_many:
        schema = {"type": "array", "items": schema, "minItems": 1, "maxItems": 50}
    return {
        "name": one.name,
        "in": "query",
        "description": one.says,
        "required": one.is_required,
        "schema": schema,
        **({"style": "form", "explode": True} if one.is_many else {}),
    }
