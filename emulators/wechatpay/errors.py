"""The refusals WeChat Pay answers with: HTTP status, code, numeric sub-code and message.

The sub-code travels after the last ``-`` of the ``Request-Id`` header and is what WeChat's own
troubleshooting guide is indexed by. Sub-codes that guide does not list are ``UNLISTED``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

UNLISTED = 268435456


@dataclass(frozen=True)
class Problem:
    """One row of the codes table. ``message`` is for people; programs branch on ``code``."""

    status: int
    code: str
    message: str
    sub_code: int = UNLISTED


PARAM_ERROR = Problem(400, "PARAM_ERROR", "参数错误", 268435461)
UNKNOWN_FIELD = Problem(400, "PARAM_ERROR", "请求中含有未在API文档中定义的参数", 270924358)
NOT_JSON = Problem(400, "PARAM_ERROR", "请求体不是合法的JSON", 268435461)
INVALID_REQUEST = Problem(400, "INVALID_REQUEST", "请求参数不符合业务规则")
NO_USER_AGENT = Problem(400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent")
PARAMS_DIFFER = Problem(
    400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致，请核实后再试", 268498688)
APPID_MCHID_NOT_MATCH = Problem(
    400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配，请检查后再试", 268445527)
MCHID_MISMATCH = Problem(400, "INVALID_REQUEST", "商户号与订单不匹配", 268447843)
ORDER_PAID = Problem(400, "ORDERPAID", "该订单已支付", 268498689)
CLOSE_PAID = Problem(400, "ORDERPAID", "该订单已支付，不能关单", 268449538)
ORDER_CLOSED = Problem(400, "ORDER_CLOSED", "订单已关闭，请更换商户订单号后重新下单")
ORDER_EXPIRED = Problem(400, "INVALID_REQUEST", "订单已过期", 268447914)
OUT_TRADE_NO_USED = Problem(403, "OUT_TRADE_NO_USED", "商户订单号重复")
ORDER_NOT_EXIST = Problem(404, "ORDER_NOT_EXIST", "订单不存在", 268512771)
SIGN_ERROR = Problem(401, "SIGN_ERROR", "签名错误", 268443699)
WRONG_PLATFORM_SERIAL = Problem(400, "PARAM_ERROR", "平台证书序列号Wechatpay-Serial错误")
SYSTEM_ERROR = Problem(500, "SYSTEM_ERROR", "系统异常，请稍后重试")
FREQUENCY_LIMITED = Problem(429, "FREQUENCY_LIMITED", "频率超限，请降低请求频率", 268447840)
NO_CERTIFICATE = Problem(
    404, "RESOURCE_NOT_EXISTS",
    "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。")
REFUND_ORDER_NOT_EXIST = Problem(404, "RESOURCE_NOT_EXISTS", "订单不存在或未支付")
REFUND_NOT_EXIST = Problem(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
REFUND_TOO_MUCH = Problem(400, "INVALID_REQUEST", "申请退款金额大于订单可退金额")
REFUND_PARAMS_DIFFER = Problem(
    400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致，请核实后再试")
REFUND_TOO_MANY = Problem(400, "INVALID_REQUEST", "单笔订单最多支持50次部分退款")
REFUND_TOO_LATE = Problem(400, "INVALID_REQUEST", "订单已超过可退款期限一年")
NOT_ENOUGH = Problem(403, "NOT_ENOUGH", "商户可用余额不足，请充值后重试")
REFUND_NOT_ABNORMAL = Problem(400, "INVALID_REQUEST", "退款单不是退款异常状态，不能发起异常退款")
COMPLAINT_NOT_EXIST = Problem(404, "RESOURCE_NOT_EXISTS", "投诉单不存在")
COMPLAINT_NOT_YOURS = Problem(403, "NO_AUTH", "商户号与投诉单不匹配")
COMPLAINT_STATE = Problem(400, "INVALID_REQUEST", "投诉单当前状态不允许此操作")
COMPLAINT_URL_EXISTS = Problem(400, "RESOURCE_ALREADY_EXISTS", "投诉通知回调地址已存在")
COMPLAINT_URL_NOT_EXIST = Problem(404, "RESOURCE_NOT_EXISTS", "投诉通知回调地址不存在")
NO_STATEMENT_EXIST = Problem(400, "NO_STATEMENT_EXIST", "账单文件不存在")
STATEMENT_CREATING = Problem(400, "STATEMENT_CREATING", "账单生成中，请稍后再试")
BILL_TOKEN_DEAD = Problem(400, "PARAM_ERROR", "账单下载token无效或已过期", 268435461)


class ApiError(Exception):
    """A refusal on its way to the caller. ``detail`` is WeChat's optional machine-readable part."""

    def __init__(self, problem: Problem, *, message: str | None = None,
                 detail: Mapping[str, object] | None = None) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.message = problem.message if message is None else message
        self.detail = detail

    def document(self) -> dict[str, object]:
        """The JSON body of this refusal."""
        body: dict[str, object] = {"code": self.problem.code, "message": self.message}
        if self.detail is not None:
            body["detail"] = dict(self.detail)
        return body


def param_error(field: str, issue: str, *, location: str = "body",
                problem: Problem = PARAM_ERROR) -> ApiError:
    """A PARAM_ERROR that names the field: a JSON pointer in the body, else a parameter name."""
    return ApiError(problem, message=f"{problem.message}：{field} {issue}",
                    detail={"field": field, "issue": issue, "location": location})
