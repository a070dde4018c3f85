"""The api as one document."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from pydantic_core import from_json

from tanhui.api import cases, community, community_open, mall, merchant, partner, public, resident
from tanhui.api.community_open import GEOJSON
from tanhui.api.problems import CONTENT_TYPE, READABLE, register_handlers

TAGS = [
    {
        "name": "resident",
        "description": "居民：登录、明细与说明、申报、兑换、预约与回执、答题、授权、绑定、导出、注销。Bearer 凭证。",
    },
    {"name": "partner", "description": "接入方：报送行为、撤回、查询回执。每个报文用登记的 Ed25519 密钥签名。"},
    {
        "name": "merchant",
        "description": "商户：设备配对、核销、离线上传、撤销、当天记录。店长允许的设备用 Bearer 凭证，不需要账号密码。",
    },
    {"name": "open", "description": "公开：全县数字、方法、因子、商城、回收点与活动、验券公钥、分享的凭据。无需登录。"},
]


class StrictParser(Parser):
    """JSON without NaN, lone surrogates or deep nesting."""

    def parse_body(self, request: HttpRequest) -> Any:
        return from_json(request.body, allow_inf_nan=False)


class ReadableJson(JSONRenderer):
    """JSON with Chinese as Chinese."""

    json_dumps_params = READABLE["json_dumps_params"]


class Api(NinjaAPI):
    """Ninja, with problems and maps under their own media types in the document."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> OpenAPISchema:
        document = super().get_openapi_schema(*args, **kwargs)
        for path, operations in document["paths"].items():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if path.endswith(".geojson") and int(status) == 200:
                        response["content"] = {GEOJSON: response["content"].pop("application/json")}
                    if int(status) >= 400 and "application/json" in response.get("content", {}):
                        response["content"] = {CONTENT_TYPE: response["content"].pop("application/json")}
                        response["description"] = "错误说明"
        return document


api = Api(
    title="碳惠开放接口",
    version="1.0.0",
    description=(
        "一个县的碳普惠平台：证据 → 方法 → 减排量 → 积分。所有错误都是 RFC 9457 格式的说明，`code` 稳定；"
        "数量一律为整数，名称以单位结尾；时间带时区；翻页用 `next_cursor`。"
    ),
    docs_url=None,
    openapi_extra={"tags": TAGS, "info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}},
    parser=StrictParser(),
    renderer=ReadableJson(),
    urls_namespace="api",
)
register_handlers(api)
api.add_router("/resident", resident.router)
api.add_router("/resident", mall.resident_router)
api.add_router("/resident", community.router)
api.add_router("/resident", cases.router)
api.add_router("/partner", partner.router)
api.add_router("/merchant", merchant.router)
api.add_router("/open", public.router)
api.add_router("/open", mall.open_router)
api.add_router("/open", community_open.router)
