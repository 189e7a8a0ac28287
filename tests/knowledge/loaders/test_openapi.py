"""OpenAPI and Swagger files, read as a reference."""

import json

import pytest

from knowledge.errors import UnreadableFile
from knowledge.loaders import openapi

SERVICE = """
openapi: 3.1.0
info: {title: Lamp API, version: "2.4", description: "All of **our** lamps."}
servers: [{url: https://api.lumen.example/v2, description: live}]
paths:
  /lamps:
    parameters:
      - $ref: '#/components/parameters/Limit'
    get:
      operationId: listLamps
      summary: List lamps
      description: The newest first. Needs the scope `lamps:read`.
      security: [{oauth: [lamps:read]}]
      responses:
        "200":
          description: A page
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Lamp'}}}}
    post:
      summary: Add a lamp
      deprecated: true
      requestBody:
        content: {application/json: {schema: {$ref: '#/components/schemas/Lamp'}}}
      responses: {"201": {$ref: '#/components/responses/Made'}}
components:
  parameters:
    Limit: {name: limit, in: query, description: Lamps a page., schema: {type: integer, default: 50, maximum: 200}}
  responses: {Made: {description: It was made}}
  securitySchemes: {oauth: {type: oauth2, description: By browser}}
  schemas:
    Lamp:
      required: [name]
      properties:
        name: {type: string, maxLength: 64, description: What it is called.}
        colour: {enum: [warm, cold]}
        maker: {type: object, properties: {city: {type: string}}}
"""
LIMIT = "Parameter: limit | In: query | Required: no | Type: integer | Default: 50 | Maximum: 200 | "


def test_an_operation_is_a_section_with_its_tables(read_one, blocks):
    document = read_one("api.yaml", SERVICE)
    assert document.title == "Lamp API"
    assert blocks(document) == [
        ("heading", 1, "Lamp API"),
        ("paragraph", 0, "Version: 2.4"),
        ("paragraph", 0, "All of our lamps."),
        ("row", 0, "Server: https://api.lumen.example/v2 | Description: live"),
        ("heading", 2, "GET /lamps: List lamps"),
        ("paragraph", 0, "The newest first. Needs the scope lamps:read."),
        ("paragraph", 0, "Scopes: lamps:read"),
        ("row", 0, f"{LIMIT}Description: Lamps a page."),
        ("row", 0, "Status: 200 | Meaning: A page | Returns: array of Lamp"),
        ("paragraph", 0, "operationId: listLamps"),
        ("heading", 2, "POST /lamps: Add a lamp"),
        ("paragraph", 0, "Add a lamp"),
        ("paragraph", 0, "POST /lamps is deprecated."),
        ("row", 0, f"{LIMIT}Description: Lamps a page."),
        ("paragraph", 0, "Body (application/json): Lamp"),
        ("row", 0, "Status: 201 | Meaning: It was made"),
        ("heading", 2, "Authentication"),
        ("row", 0, "Name: oauth | Type: oauth2 | Description: By browser"),
        ("heading", 2, "Lamp"),
        ("row", 0, "Field: name | Required: yes | Type: string | Maximum length: 64 | Description: What it is called."),
        ("row", 0, "Field: colour | Required: no | Type: one of warm, cold"),
        ("row", 0, "Field: maker | Required: no | Type: object"),
        ("row", 0, "Field: maker.city | Required: no | Type: string"),
    ]


def test_swagger_as_json(read_one, blocks):
    service = {
        "swagger": "2.0",
        "info": {"title": "Lamps"},
        "host": "api.lumen.example",
        "basePath": "/v1",
        "paths": {
            "/lamps": {
                "get": {
                    "parameters": [{"name": "q", "in": "query", "required": True, "type": "string"}],
                    "responses": {"200": {"description": "Found", "schema": {"$ref": "#/definitions/Lamp"}}},
                }
            }
        },
        "definitions": {"Lamp": {"type": "string"}},
    }
    assert blocks(read_one("api.json", json.dumps(service)))[1:] == [
        ("row", 0, "Server: api.lumen.example/v1"),
        ("heading", 2, "GET /lamps"),
        ("row", 0, "Parameter: q | In: query | Required: yes | Type: string"),
        ("row", 0, "Status: 200 | Meaning: Found | Returns: Lamp"),
        ("heading", 2, "Lamp"),
        ("paragraph", 0, "Lamp: string"),
    ]


def test_what_only_has_paths_is_no_service(read_one):
    assert read_one("a.yaml", "paths:\n  logs: /var/log\n").text == "paths > logs: /var/log"


def test_what_names_itself_or_a_million_parts_ends(read_one, monkeypatch):
    monkeypatch.setattr(openapi, "_MOST_PARTS", 1000)
    head = "openapi: 3.0.0\npaths: {}\ncomponents:\n  schemas:\n"
    itself = f"{head}    A: {{allOf: [{{$ref: '#/components/schemas/A'}}], properties: {{a: {{type: string}}}}}}\n"
    assert "Field: a" in read_one("a.yaml", itself).text
    wide = "".join(
        f"    {name}: &{name} {{properties: {{{', '.join(f'x{n}: *{before}' for n in range(10))}}}}}\n"
        for before, name in zip("ABCD", "BCDE", strict=True)
    )
    with pytest.raises(UnreadableFile, match="more than 1,000 parts"):
        read_one("b.yaml", f"{head}    A: &A {{properties: {{a: {{type: string}}}}}}\n{wide}")
