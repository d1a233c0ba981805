"""`whistle directory load` and `example`: units, people and the dispatch catalogue from one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from desk import policy_shown, render
from desk.accounts import ADMINISTRATOR
from desk.client import Refused, Usage
from desk.listing import Listing
from desk.options import Api, As, Machine, desk
from rulebook.faults import Fault, located
from rulebook.reading import Source, read

MOST_JSON = 16_000_000
"""Characters of a file of JSON; one of YAML may have a million, which takes seconds to read."""

EXAMPLE = """\
# 组织资料 / an organisation: units, people, and the catalogue that dispatches complaints.
# 检查 check it:  whistle directory load FILE --check
# 载入 load it:   whistle directory load FILE
# 未列出者不变, 省略的字段不变; 不删除任何条目 / What is not named stays as it is; nothing is ever deleted.

units:
  # 编号即归属 / An id says where a unit belongs: HQ, R.<区域 region>, <省分 province>, <省分>.<部门 department>.
  # 未写时区则同上级 / Without a zone a unit has that of the one above it.
  - {id: HQ, kind: headquarters, name_zh: 总部, name_en: Headquarters, zone: Asia/Shanghai}
  - {id: R.south, kind: region, parent: HQ, name_zh: 南方区域中心, name_en: Southern centre}
  - {id: GD, kind: province, parent: R.south, name_zh: 广东, name_en: Guangdong}
  # 随附政策为以下省分另有规定, 故须有之 / The policy that comes along has rules of their own for these three.
  - {id: HA, kind: province, parent: HQ, name_zh: 河南, name_en: Henan}
  - {id: XJ, kind: province, parent: HQ, name_zh: 新疆, name_en: Xinjiang}
  - {id: XZ, kind: province, parent: HQ, name_zh: 西藏, name_en: Tibet}
  - {id: GD.svc, kind: department, parent: GD, name_zh: 广东客服部, name_en: Guangdong Service}
  - {id: GD.net, kind: department, parent: GD, name_zh: 广东网络部, name_en: Guangdong Network, email: net@example.com}

people:
  # 编号即登录名 / The id is what somebody logs in by; a name left out is as the other.
  # 岗位 roles: agent team_lead dispatcher reply_auditor callback_agent · unit_member unit_head (部门 departments) ·
  #   province_manager regional_manager headquarters auditor administrator · channel regulator (程序 programs)
  - {id: chen.li, name_zh: 陈莉, name_en: Chen Li, role: agent, unit: GD.svc}
  - {id: guo.wei, name_zh: 郭伟, name_en: Guo Wei, role: team_lead, unit: GD.svc}
  - {id: deng.hui, name_zh: 邓慧, name_en: Deng Hui, role: dispatcher, unit: GD.svc}
  - {id: sun.yan, name_zh: 孙燕, name_en: Sun Yan, role: reply_auditor, unit: GD.svc}
  - {id: ma.lin, name_zh: 马林, name_en: Ma Lin, role: callback_agent, unit: GD.svc}
  - {id: he.jun, name_zh: 何军, name_en: He Jun, role: unit_member, unit: GD.net, email: he.jun@example.com}
  - {id: he.tao, name_zh: 何涛, name_en: He Tao, role: unit_head, unit: GD.net}
  - {id: luo.min, name_zh: 罗敏, name_en: Luo Min, role: province_manager, unit: GD}
  - {id: xu.gang, name_zh: 许刚, name_en: Xu Gang, role: regional_manager, unit: R.south}
  - {id: li.na, name_zh: 李娜, name_en: Li Na, role: headquarters, unit: HQ}
  - {id: qin.yu, name_zh: 秦玉, name_en: Qin Yu, role: auditor, unit: HQ}
  # 离职 somebody who leaves: - {id: chen.li, active: false}

catalogue:
  # 类别在某省分由谁主办、协办、抄送 / Who leads, helps and is told, for a category in a province; '*' = wherever else.
  # 类 classes: urgent fault general consult complex
  - {category: network.fault, province: GD, order_class: fault, lead: GD.net, co: [], copy: [GD.svc]}
  - {category: service.attitude, province: GD, order_class: general, lead: GD.svc}
"""

File = Annotated[Path, typer.Argument(metavar="FILE", help="组织资料 / the document: YAML or JSON.")]
Check = Annotated[bool, typer.Option("--check", help="只检查并计数 / only check and count; nothing is changed.")]
_SECTIONS = {"units": "单位 units", "people": "人员 people", "catalogue": "目录 catalogue"}


def load(file: File, check: Check = False, api: Api = "", person: As = ADMINISTRATOR, machine: Machine = False) -> None:
    """载入组织资料 / enter or change units, people and catalogue from a file, all or nothing; administrators."""
    source = _read(file)
    body = {**source.data, "dry_run": True} if check else source.data
    with desk(api, person) as connection:
        try:
            found = connection.put("/directory", body)
        except Refused as refused:
            wrong = [_fault(one) for one in refused.problem.get("errors", ()) if "message_zh" in one]
            if not wrong:
                raise
            policy_shown.faults(str(file), located(wrong, source.lines, {}), to=render.err)
            raise typer.Exit(1) from None
    if machine:
        render.as_json(found)
        return
    names = ("added", "changed", "unchanged", "left")
    rows = [(label, *(str(found[section][name]) for name in names)) for section, label in _SECTIONS.items()]
    render.out.print(
        Listing(("部分 part", "新增 added", "变更 changed", "不变 unchanged", "停用 left"), rows, (0, 1, 2, 3, 4))
    )
    if found["dry_run"]:
        render.out.print("只作检查, 未写入 / only checked, nothing was written")


def example() -> None:
    """组织资料示例 / print a small commented document, to be changed and loaded."""
    typer.echo(EXAMPLE, nl=False)


def _read(file: Path) -> Source:
    """What the file holds; raises Usage, and ends with exit code 2 when it cannot be read as YAML or JSON."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Usage(f"{file}: 没有此文件 / there is no such file · → whistle directory example > {file}") from None
    except OSError as error:
        raise Usage(f"{file}: 无法读取 / cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Usage(f"{file}: 须为 UTF-8 / must be UTF-8: byte {error.start}") from None
    source = read(text, most_json=MOST_JSON, begins="units:")
    if source.faults:
        policy_shown.faults(str(file), source.faults, to=render.err)
        raise typer.Exit(2)
    return source


def _fault(told: dict[str, Any]) -> Fault:
    """A fault as the API tells of it."""
    return Fault(told["field"], told["message_zh"], told["message"], told["remedy_zh"], told["remedy"])
