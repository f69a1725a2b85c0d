"""OpenAPI: what FastAPI finds, with the problem document and the form of every act added."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.services.decode import TYPES
from api.wire.base import Problem
from ledger.acts import License
from ledger.eip712 import Field, struct_fields

DESCRIPTION = """跨部门、跨区域政务通办的授权与留痕账本。签名在客户端完成,服务器不持有任何人员密钥。

A ledger on which agencies grant one another rights, and anybody can check what was done under them.
Signing is the client's; the server holds no officer's key. Errors are `application/problem+json` with
stable codes in `code`, and every fault of a body at once in `faults`.
"""
_TAGS = (
    ("operations", "运行状况 / Health, metrics, network, events"),
    ("session", "以密钥登录(EIP-4361)/ Sign-in by key"),
    ("registry", "机构、窗口、人员、事项 / Agencies, windows, officers, items"),
    ("grants", "授权、印章、证照 / Grants, seals, licenses"),
    ("acts", "行为的准备、提交与查询 / Acts"),
    ("cases", "办件与材料,仅当事方可见 / Cases and documents, for their parties"),
    ("licenses", "证照登记与批次 / Licenses recorded and batched"),
    ("verify", "公开查验 / Verification by anybody"),
)


def install(app: FastAPI) -> None:
    """Let the application describe itself in full; made once, at the first request for it."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's documented way


def _describe(app: FastAPI) -> dict[str, Any]:
    schema: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )  # fmt: skip
    parts = schema["components"]["schemas"]
    whole = Problem.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}", mode="serialization")
    parts |= whole.pop("$defs", {})
    parts["Problem"] = whole
    for name, cls in {**TYPES, License.__name__: License}.items():
        _add(parts, cls, name)
    acts = [{"$ref": f"#/components/schemas/Act{name}"} for name in sorted(TYPES)]
    parts["SubmitRequest"]["properties"]["act"] |= {"anyOf": acts}
    return schema


def _add(parts: dict[str, Any], cls: type, name: str) -> None:
    """One struct and those in it, as JSON Schema."""
    properties = {}
    for field in struct_fields(cls):
        if field.item is not None and f"Act{field.item.__name__}" not in parts:
            _add(parts, field.item, field.item.__name__)
        properties[field.name] = _property(field)
    parts[f"Act{name}"] = {
        "type": "object", "title": name, "additionalProperties": False,
        "required": list(properties), "properties": properties,
    }  # fmt: skip


def _property(field: Field) -> dict[str, Any]:
    kind = field.type_name.removesuffix("[]")
    one = {"$ref": f"#/components/schemas/Act{kind}"} if field.item is not None else _scalar(field.name, kind)
    return {"type": "array", "items": one} if field.type_name.endswith("[]") else one


def _scalar(name: str, kind: str) -> dict[str, Any]:
    if kind.startswith("uint"):
        number = {"type": "integer", "minimum": 0, "maximum": 2 ** int(kind[4:]) - 1}
        written = [{"type": "string", "pattern": "^[1-9][0-9]{0,9}-[1-9][0-9]{0,9}$"}] if kind == "uint64" else []
        if name in ("region", "grantee"):
            written.append({"type": "string", "pattern": "^[0-9]{12}$"})
        return {"anyOf": [number, *written]} if written else number
    if kind == "string":
        return {"type": "string", "maxLength": 512}
    if kind == "address":
        return {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
    size = int(kind[5:] or 0)
    return {"type": "string", "pattern": f"^0x[0-9a-f]{{{2 * size}}}$" if size else "^0x([0-9a-f]{2})*$"}
