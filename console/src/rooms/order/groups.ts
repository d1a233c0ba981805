/** The areas of the menu of actions, each with its verbs in the order in which they are used. */
export const GROUPS: Record<string, readonly string[]> = {
  desk: [
    "answer_at_once", "dispatch", "triage", "request_info", "supply_info", "decline", "relabel", "reprioritise", "retier",
    "migrate_policy",
  ],
  unit: [
    "sign", "contact", "report_progress", "submit_part", "explain_part", "reply", "request_return", "extend", "ledger",
    "settle", "request_termination",
  ],
  decide: ["decide_return", "decide_extension", "decide_ledger", "audit_reply", "terminate", "review_callback"],
  whistle: [
    "request_whistle", "decide_whistle", "review_whistle", "answer_whistle", "contact_whistle", "report_in",
    "finish_part", "excuse", "dispose", "verify_whistle", "rate_attendance", "appeal_rating", "decide_appeal",
  ],
  supervise: ["supervise", "escalate"],
  callback: ["record_callback", "rate_by_sms"],
  customer: ["urge", "reopen", "withdraw"],
  all: ["note", "attach"],
}; // prettier-ignore
