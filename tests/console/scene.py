"""A small day at the hotline: orders of every kind, made through the API alone, for pictures and for looking at."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.hours import noon

DONE = (
    "原因：光猫老化，光衰超标。已上门更换光猫并重做接头，测速下行 300M、丢包 0%，客户在场确认恢复。"
    " Cause: an old modem; replaced and measured on site, the customer confirmed it."
)


@dataclass
class Scene:
    """What there is to be seen: the numbers of orders by name, and customers' links by number."""

    http: httpx.Client
    orders: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, who: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST below /v1 that must succeed."""
        sent = {"Authorization": f"Bearer dev:{who}", "Idempotency-Key": str(uuid.uuid4())}
        answer = self.http.post(f"/v1{path}", json=body or {}, headers=sent)
        if answer.is_error:
            raise RuntimeError(f"{who} {path}: {answer.text}")
        found: dict[str, Any] = answer.json()
        return found

    def open(self, name: str, title: str, text: str, category: str = "network.fault", **given: Any) -> str:
        """A new order, of a customer of its own."""
        phone = f"1390077{len(self.orders):04d}"
        customer = {"name": given.pop("customer", "陈女士"), "phone": given.pop("phone", phone), "zone": noon()}
        at = given.pop("province", "GD")
        body = {"title": title, "text": text, "category": category, "province": at, "channel": "hotline", **given}
        agent = f"{at.lower()}-agent-1"
        number: str = self.post("/orders", agent, {**body, "customer": customer})["order"]["id"]
        self.orders[name] = number
        return number

    def act(self, name: str, verb: str, who: str, /, **body: Any) -> dict[str, Any]:
        """A command on one of them."""
        return self.post(f"/orders/{self.orders[name]}/{verb}", who, body)

    def replied(self, name: str) -> None:
        """The lead signs, speaks to the customer, and replies; the audit accepts."""
        self.act(name, "sign", "gd-net-1")
        self.act(name, "contact", "gd-net-1", spoke_to="机主本人", summary="约定今天上门 / a visit today")
        at = datetime.now(UTC)
        times = {"received_at": (at - timedelta(seconds=20)).isoformat(), "done_by": at.isoformat()}
        self.act(name, "reply", "gd-net-1", spoke_to="机主本人，电话", done=DONE, **times)
        self.act(name, "audit_reply", "gd-replyauditor-1", accepted=True, reason="四要素齐全")


def by_day(http: httpx.Client) -> None:
    """The policy of the house, under which customers may be called on holidays too."""
    admin = {"Authorization": "Bearer dev:hq-admin"}
    found = http.get("/v1/policies/current", headers=admin).json()["document"]
    document = {**found, "version": f"{found['version']}-demo", "calling": {**found["calling"], "holidays": True}}
    http.post("/v1/policies", json={"document": document}, headers=admin)  # asked again, it is in force already


def play(address: str) -> Scene:
    """Have the day take place at that installation; answers what there is to be seen."""
    with httpx.Client(base_url=address, timeout=60) as http:
        by_day(http)
        scene = Scene(http)
        scene.open("new", "宽带频繁掉线，晚上尤其严重", "每晚八点后掉线，重启光猫无效。Drops every evening.")
        scene.open("again", "手机信号差，家中无法通话", "搬来后一直没有信号。No signal at home.", customer="陈女士")
        scene.open("signed", "小区整体断网", "整栋楼都断网了。The whole block is offline.")
        scene.act("signed", "sign", "gd-net-1")
        scene.act("signed", "contact", "gd-net-1", spoke_to="物业", summary="确认整栋受影响")
        joint = {"kind": "emergency", "matter": "network_outage", "units": ["GD.inst", "GD.it"]}
        scene.act("signed", "request_whistle", "gd-agent-1", **joint, reason="需装维与系统支撑同时到场")
        scene.act("signed", "answer_whistle", "gd-inst-1", whistle="w1")
        scene.act("signed", "report_in", "gd-inst-1", whistle="w1", who="李工，2 人，携带 OTDR")
        line = {"phone": "13900779999", "customer": "欧阳先生"}
        scene.open("earlier", "上月报修后仍不稳定", "上月修过一次。Mended once before.", **line)
        scene.replied("earlier")
        scene.open("reply", "报修后仍然卡顿，要求彻底解决", "修过一次还是卡。Still slow after a repair.", **line)
        scene.act("reply", "sign", "gd-net-1")
        scene.act("reply", "contact", "gd-net-1", spoke_to="机主本人", summary="已约上门")
        scene.act("reply", "urge", "gd-agent-1", text="客户再次来电催促")
        scene.open("call", "上网慢，测速不达标", "300M 只有 20M。Only 20 of 300 Mbit/s.", customer="司马女士")
        scene.replied("call")
        scene.open("rang", "通话断续", "打电话断断续续。Calls break up.", customer="诸葛先生")
        scene.replied("rang")
        scene.act("rang", "record_callback", "gd-caller-1", result="no_answer")
        for name, satisfaction, solved in (("glad", "satisfied", True), ("sad", "dissatisfied", False)):
            scene.open(name, "宽带报障", "不能上网。Offline.")
            scene.replied(name)
            said = {"result": "reached", "contacted": True, "solved": solved, "satisfaction": satisfaction}
            scene.act(name, "record_callback", "gd-caller-1", **said, why="晚上仍卡" if not solved else "")
        scene.open("bill", "账单多扣 30 元增值业务费", "没有订过。Never ordered it.", category="billing.wrong")
        scene.open("north", "基站退服", "手机没有信号。No signal.", province="BJ")
        scene.act("bill", "escalate", "gd-manager", level=3, reason="同类投诉本周第五起")
        scene.act(
            "signed", "supervise", "gd-manager", colour="yellow", instruction="两小时内反馈进展", reason="群体投诉"
        )
        link = scene.post(f"/orders/{scene.orders['reply']}/link", "gd-agent-1")["link"]
        scene.links[scene.orders["reply"]] = link.rpartition("/t/")[2]
    return scene
