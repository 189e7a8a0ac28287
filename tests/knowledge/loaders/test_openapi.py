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


INLINE = """
openapi: 3.0.0
info:
  title: Lamps
  description: "# Plans\\n\\nTwo."
  contact: {name: Help, email: help@lumen.example}
tags: [{name: lamps, description: All that shines.}]
paths:
  /lamps:
    description: Up to 100 lamps.
    get:
      summary: List lamps
      description: "Fast.\\n\\n# Rate limits\\n\\n50 a minute.\\n\\n**Why?**\\n\\nTo share."
      parameters:
        - {name: filter, in: query, schema: {type: object, properties: {colour: {type: string}}}}
      responses:
        "200":
          description: A page
          headers: {X-Left: {schema: {type: integer}, description: Calls that are left.}}
          content:
            application/json: &page
              schema:
                type: object
                properties:
                  lamps:
                    type: array
                    items: {required: [id], properties: {id: {type: string}}}
                  next: {oneOf: [{type: "null"}, {properties: {cursor: {type: string, description: For more.}}}]}
            application/xml: *page
    post:
      requestBody:
        content: {application/json: {schema: {type: array, items: {properties: {name: {type: string}}}}}}
"""


def test_what_is_described_in_its_place_is_read_there(read_one, blocks):
    assert blocks(read_one("api.yaml", INLINE)) == [
        ("heading", 1, "Lamps"),
        ("heading", 2, "Plans"),
        ("paragraph", 0, "Two."),
        ("heading", 2, ""),
        ("row", 0, "Contact: Help | E-mail: help@lumen.example"),
        ("heading", 2, "lamps"),
        ("paragraph", 0, "All that shines."),
        ("heading", 2, "/lamps"),
        ("paragraph", 0, "Up to 100 lamps."),
        ("heading", 2, "GET /lamps: List lamps"),
        ("paragraph", 0, "Fast."),
        ("heading", 3, "Rate limits"),
        ("paragraph", 0, "50 a minute."),
        ("heading", 4, "Why?"),
        ("paragraph", 0, "To share."),
        ("heading", 3, ""),
        ("row", 0, "Parameter: filter | In: query | Required: no | Type: object"),
        ("row", 0, "Field: filter.colour | Required: no | Type: string"),
        ("row", 0, "Status: 200 | Meaning: A page | Returns: object"),
        ("row", 0, "Header: X-Left | Status: 200 | Type: integer | Description: Calls that are left."),
        ("paragraph", 0, "Returns (200):"),
        ("row", 0, "Field: lamps | Required: no | Type: array"),
        ("row", 0, "Field: lamps.id | Required: yes | Type: string"),
        ("row", 0, "Field: next | Required: no | Type: null"),
        ("row", 0, "Field: next.cursor | Required: no | Type: string | Description: For more."),
        ("heading", 2, "POST /lamps"),
        ("paragraph", 0, "Body (application/json): array"),
        ("row", 0, "Field: name | Required: no | Type: string"),
    ]


def test_the_fields_of_a_body_in_swagger(read_one, blocks):
    service = (
        "swagger: '2.0'\npaths:\n  /a:\n    post:\n      parameters:\n        - {name: lamp, in: body, schema: {type:"
        " object, properties: {colour: {type: string, description: How it shines.}}}}\n"
    )
    assert blocks(read_one("a.yaml", service))[1:] == [
        ("row", 0, "Parameter: lamp | In: body | Required: no | Type: object"),
        ("row", 0, "Field: colour | Required: no | Type: string | Description: How it shines."),
    ]


def test_what_leads_back_to_itself_is_read_once(read_one):
    service = (
        "openapi: 3.0.0\npaths: {}\ncomponents:\n  schemas:\n    Node:\n      properties:\n        name: {type: string}"
        + "\n"
        + "".join(f"        {n}: {{items: {{allOf: [{{$ref: '#/components/schemas/Node'}}]}}}}\n" for n in "abcdef")
    )
    text = read_one("a.yaml", service).text
    assert "Field: a.b.name" not in text
    assert "Field: a.name" in text


def test_models_that_are_put_together_of_one_another_are_told_in_bounds(read_one):
    """Some programs write every reference within an `allOf`; a file of 11 kB had more than 200,000 parts."""
    field = "        f{0}: {{allOf: [{{$ref: '#/components/schemas/M{0}'}}]}}\n"
    models = "".join(
        f"    M{number}:\n      properties:\n        name: {{type: string}}\n"
        + "".join(field.format(other) for other in range(10) if other != number)
        for number in range(10)
    )
    document = read_one("a.yaml", f"openapi: 3.0.0\npaths: {{}}\ncomponents:\n  schemas:\n{models}")
    assert "Field: f1.name" in document.text
    assert len(document.text) < 60 * len(models)


def test_fields_of_any_name_and_a_reference_alone_in_an_allof_are_told(read_one, blocks):
    service = """
openapi: 3.0.0
paths: {}
components:
  schemas:
    State: {enum: [new, paid]}
    Order:
      type: object
      properties:
        state: {allOf: [{$ref: '#/components/schemas/State'}], default: new}
        notes: {type: object, additionalProperties: {type: string}}
        prices:
          type: object
          additionalProperties: {type: object, properties: {amount: {type: integer, description: In cents.}}}
        more: {type: object, additionalProperties: true}
"""
    assert blocks(read_one("a.yaml", service))[3:] == [
        ("row", 0, "Field: state | Required: no | Type: State | Default: new"),
        ("row", 0, "Field: notes | Required: no | Type: map of string"),
        ("row", 0, "Field: prices | Required: no | Type: map of object"),
        ("row", 0, "Field: prices.*.amount | Required: no | Type: integer | Description: In cents."),
        ("row", 0, "Field: more | Required: no | Type: object"),
    ]


def test_a_service_of_tens_of_thousands_of_fields_is_read(read_one):
    fields = {f"field_{number}": {"type": "string", "description": "As it is `sent`."} for number in range(100)}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": fields}}}}
    paths = {f"/lamps/{number}": {"post": {"requestBody": body, "responses": {}}} for number in range(600)}
    text = read_one("a.json", json.dumps({"openapi": "3.0.0", "paths": paths})).text
    assert text.count("Field: field_99 | Required: no | Type: string | Description: As it is sent.") == 600


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
