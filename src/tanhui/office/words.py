"""Chinese names for the codes that the office shows: acts of the audit trail, kinds of transfers, accounts.

An unknown code stays a code.
"""

from __future__ import annotations

from collections.abc import Mapping

ACTS = {
    "integrity.appeal": "对核查决定申诉",
    "integrity.decide": "核查决定",
    "integrity.rule": "复核申诉",
    "community.arrange_refused": "越权安排被拒绝",
    "community.book": "代为预约",
    "community.book_refused": "越权预约被拒绝",
    "community.card": "发放回收卡",
    "community.card_printed": "打印回收卡",
    "community.card_refused": "发卡被拒绝",
    "community.card_revoked": "作废回收卡",
    "community.check_in": "称重和签到",
    "community.check_in_refused": "称重或签到被拒绝",
    "community.confirm": "第二人确认",
    "community.confirm_refused": "第二人确认被拒绝",
    "community.occasion": "安排活动",
    "community.occasion_state": "活动状态变更",
    "community.point": "登记回收点",
    "community.point_state": "回收点状态",
    "community.price": "公示收购价",
    "community.release": "代为取消预约",
    "community.release_refused": "越权取消被拒绝",
    "community.team": "登记志愿队伍",
    "community.team_member": "队员变更",
    "office.password_changed": "修改密码",
    "office.recovery_codes_generated": "生成备用码",
    "office.second_factor_reset": "重置动态验证码",
    "office.sign_in": "登录",
    "office.sign_in_failed": "登录失败",
    "office.sign_out": "退出",
    "office.totp_activated": "设置动态验证码",
    "parties.addresses": "查看上门地址",
    "parties.bind": "绑定或解绑账号",
    "parties.change": "修改登记信息",
    "parties.check_identity": "核验身份",
    "parties.consent": "同意或撤回",
    "parties.erase": "注销",
    "parties.export": "导出个人信息",
    "parties.grant": "授予或收回角色",
    "parties.register": "登记",
    "parties.relate": "家庭与代办关系",
    "plan.abandon": "作废方案文稿",
    "plan.adopt": "采纳方案",
    "plan.appraisal": "年度考核",
    "plan.approve": "审核通过",
    "plan.case": "典型案例",
    "plan.contact": "指定任务联系人",
    "plan.correct": "更正台账记录",
    "plan.define": "装入台账",
    "plan.draft": "录入方案文稿",
    "plan.feedback": "公众意见",
    "plan.feedback_reply": "答复公众意见",
    "plan.file": "填报",
    "plan.file_refused": "越权填报被拒绝",
    "plan.funding": "登记资金",
    "plan.notice": "发出督办通知",
    "plan.notice_answer": "答复督办通知",
    "plan.notice_verdict": "认定督办答复",
    "plan.override": "人工判定状态",
    "plan.progress_review": "工作调度",
    "plan.publish_report": "发布进展报告",
    "plan.return": "退回记录",
    "plan.settle": "处理文稿疑点",
    "plan.sub_task": "子任务",
    "plan.withdraw": "撤回记录",
    "project.first_administrator": "设立首位管理员",
    "rewards.admit_merchant": "商户申请入盟",
    "rewards.admit_shop": "登记或停用门店",
    "rewards.admit_staff": "商户人员变更",
    "rewards.admit_status": "商户状态变更",
    "rewards.clear_approve": "复核结算单",
    "rewards.clear_check": "核对结算单",
    "rewards.clear_draft": "生成结算单",
    "rewards.clear_void": "作废结算单",
    "rewards.contract": "登记商户合同",
    "rewards.correct": "提出结算更正",
    "rewards.correct_decide": "复核结算更正",
    "rewards.device_end": "停用核销手机",
    "rewards.device_enter": "核销手机配对",
    "rewards.device_invite": "允许核销手机",
    "rewards.dispute": "提出结算异议",
    "rewards.dispute_answer": "答复结算异议",
    "rewards.application_decide": "审核入盟申请",
    "rewards.budget": "设定年度资金",
    "rewards.exchange_for": "代居民兑换",
    "rewards.queue_for": "代居民排队",
    "rewards.cancel_for": "代居民取消",
    "rewards.hand_refused": "越权代办被拒绝",
    "rewards.hold": "暂停居民兑换",
    "rewards.hold_lifted": "解除暂停兑换",
    "rewards.draft": "起草权益",
    "rewards.pay_account": "登记收款账户",
    "rewards.pay_account_confirm": "确认收款账户",
    "rewards.payment": "制作付款文件",
    "rewards.payment_cancel": "撤回付款文件",
    "rewards.payment_confirm": "确认付款",
    "rewards.payment_file": "下载付款文件",
    "rewards.published": "上架权益",
    "rewards.redeem_refused": "越权核销被拒绝",
    "rewards.sign_funds": "签发资金月报",
    "rewards.stock": "设定库存",
    "rewards.undo": "撤销核销",
    "rewards.withdrawn": "下架权益",
    "scenarios.admit_source": "接入或变更接入方",
    "scenarios.advance_method": "方法流转",
    "scenarios.open_scenario": "开放或变更场景",
    "scenarios.rule": "裁定证据",
    "scenarios.settle": "结算",
    "scenarios.submit": "代接入方报送",
    "scenarios.withdraw": "代接入方撤回",
    "ledger.close_period": "结账",
    "ledger.reverse": "冲正",
}
KINDS = {
    "settlement": "结算",
    "pro_rata": "按比例发放",
    "reversal": "冲正",
    "exchange": "兑换权益",
    "redeem": "核销",
    "redeem_undo": "撤销核销",
    "voucher_return": "退回积分",
    "clearing": "结算核定",
    "clearing_void": "结算作废",
    "correction": "结算更正",
    "payment": "支付商户",
    "expiry": "积分到期",
}
HOLDERS = {"system": "系统", "party": "居民和单位"}
_ACCOUNTS = {
    "programme": "积分池",
    "expired": "已到期",
    "owed": "待扣回",
    "held": "已兑换待使用",
    "redeemed": "已兑换",
    "budget": "预算",
    "payable": "应付商户",
    "due": "已核定待支付",
    "paid": "已支付",
}


def account_words(code: str, scenarios: Mapping[str, str]) -> str:
    """An account code in words; `scenarios` maps scenario codes to titles."""
    head, _, tail = code.partition(":")
    if head == "grade":
        return f"{tail} 级证据的减排量"
    if head == "expires":
        return f"{tail}年底到期的积分"
    if head == "avoided":
        return f"避免的排放：{scenarios.get(tail, tail)}"
    return _ACCOUNTS.get(code, code)


def person_words(name: str) -> str:
    """An actor of the audit trail as people say it: staff:a → a, system:rewards → 系统; nobody: a dash."""
    kind, _, rest = name.partition(":")
    return "系统" if kind == "system" else rest or name or "—"
